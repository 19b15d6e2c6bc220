// TLS to Milvus: do the milvus.tls.* keys fit each other, the endpoint and the files they name?
import { createSecureContext } from 'node:tls';
import type { KeyName, Values } from './keys.ts';
import type { Findings, Setting } from './value/entry.ts';
import { type PemBlock, pemForm, pemText, type ReadFile, readNamedFile } from './value/pem.ts';
import type { Chosen } from './values.ts';

const FILES = {
  'milvus.tls.ca.location': 'CERTIFICATE',
  'milvus.tls.certificate.location': 'CERTIFICATE',
  'milvus.tls.key.location': 'PRIVATE KEY',
} as const;

export function checkMilvusTls(
  values: Values<'connector'>,
  chosen: Chosen,
  readFile: ReadFile,
  findings: Findings,
): void {
  const endpoint = values['public.endpoint'];
  if (!endpoint) return;
  const keys = [...(Object.keys(FILES) as (keyof typeof FILES)[]), 'milvus.tls.server.name' as const];
  const given = keys.filter(key => chosen.has(key));
  if (!endpoint.tls) {
    if (given.length > 0)
      findings.warnings.push(`no effect without https:// in public.endpoint: ${given.join(', ')}`);
    if (values.token && !isLocal(endpoint.host)) {
      findings.warnings.push('public.endpoint is not https://: token and records travel unencrypted');
    }
    return;
  }
  if (values.token === '')
    findings.warnings.push('token is empty: Zilliz Cloud and a Milvus with authorization refuse that');
  const certificate = chosen.get('milvus.tls.certificate.location');
  const key = chosen.get('milvus.tls.key.location');
  if (certificate && !key) pair(certificate, 'milvus.tls.key.location', findings);
  if (key && !certificate) pair(key, 'milvus.tls.certificate.location', findings);
  const files = new Map<string, string>();
  for (const [name, kind] of Object.entries(FILES)) {
    const setting = chosen.get(name as KeyName);
    const pem = setting && readPem(setting, kind, readFile, findings);
    if (pem !== undefined) files.set(name, pem);
  }
  const ca = chosen.get('milvus.tls.ca.location');
  if (ca && files.has(ca.key)) checkUse(ca, { ca: files.get(ca.key)! }, findings);
  const [cert, privateKey] = [
    files.get('milvus.tls.certificate.location'),
    files.get('milvus.tls.key.location'),
  ];
  if (key && cert !== undefined && privateKey !== undefined)
    checkUse(key, { cert, key: privateKey }, findings);
}

// --- internal ---

function isLocal(host: string): boolean {
  return /^(localhost|127\..*|::1)$/.test(host);
}

function pair(setting: Setting, missing: KeyName, findings: Findings): void {
  findings.problems.push({ where: setting.source, key: setting.key, problem: `needs ${missing} as well` });
}

/** Asks the TLS library that will use them. */
function checkUse(
  setting: Setting,
  material: { ca: string } | { cert: string; key: string },
  findings: Findings,
): void {
  try {
    createSecureContext(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const encrypted = 'key' in material && /ENCRYPTED/.test(material.key);
    findings.problems.push({
      where: setting.source,
      key: setting.key,
      problem: /KEY_VALUES_MISMATCH/.test(reason)
        ? 'the key does not belong to the certificate in milvus.tls.certificate.location'
        : encrypted
          ? 'the key is encrypted: there is no key for its password here'
          : 'ca' in material
            ? 'the certificates cannot be read'
            : 'certificate and key cannot be read',
      expected: 'ca' in material ? 'whole PEM certificates' : 'a PEM certificate and its key, not encrypted',
      found: reason,
    });
  }
}

/** The file's text; undefined, and a problem, when it cannot be read or lacks such a block. */
function readPem(
  setting: Setting,
  block: PemBlock,
  readFile: ReadFile,
  findings: Findings,
): string | undefined {
  const bytes = readNamedFile(setting, readFile, findings);
  if (bytes === undefined) return undefined;
  const text = pemText(bytes, block);
  if (text === undefined) {
    findings.problems.push({
      where: setting.source,
      key: setting.key,
      problem: 'the file is not PEM',
      expected: `${pemForm(block)} in it`,
    });
  }
  return text;
}
