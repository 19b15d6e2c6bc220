// Files of keys and certificates that a setting names: whether they can be read, and have the PEM block that is needed.
import { type Findings, type Setting, shown } from './entry.ts';
import { decodeText } from './text.ts';

export type PemBlock = 'CERTIFICATE' | 'PRIVATE KEY';
/** Throws when a file can't be read. */
export type ReadFile = (path: string) => Uint8Array;

/** The file that a setting names; undefined, and a problem, when it cannot be read. */
export function readNamedFile(
  setting: Setting,
  readFile: ReadFile,
  findings: Pick<Findings, 'problems'>,
): Uint8Array | undefined {
  try {
    return readFile(setting.value.trim());
  } catch {
    findings.problems.push({
      where: setting.source,
      key: setting.key,
      problem: 'the file cannot be read',
      expected: 'a file that this user may read',
      found: shown(setting),
    });
    return undefined;
  }
}

/** A file's text when it has such a block; any text may stand around it. */
export function pemText(bytes: Uint8Array, block: PemBlock): string | undefined {
  const text = decodeText(bytes);
  return normalizePem(text, block) === undefined ? undefined : text;
}

/** How a message asks for such a block. */
export function pemForm(block: PemBlock): string {
  return `-----BEGIN ${block}-----`;
}

/**
 * PEM as OpenSSL wants it: Java takes a block on one line with any white space in it, as a properties file has it.
 * undefined when there is no such block.
 */
export function normalizePem(text: string, block: PemBlock): string | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)];
  if (!blocks.some(([, label]) => label!.endsWith(block))) return undefined;
  return blocks
    .map(([whole, label, body]) => {
      // Headers of the old encrypted format depend on their lines.
      if (body!.includes(':')) return `${whole}\n`;
      const lines = body!.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
      return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
    })
    .join('');
}
