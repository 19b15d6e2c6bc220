// Help from the definitions of the commands: what is not defined cannot be documented, and the other way round.

import type { ArgsDef } from 'citty';

export interface HelpPage {
  /** e.g. `milvus-sink validate FILE… [options]`; several where there are several ways. */
  usage: readonly string[];
  /** What it does, in a few lines. */
  description: string;
  args: ArgsDef;
  commands?: Readonly<Record<string, string>>;
  examples?: readonly string[];
  /** Paragraphs with a heading each. */
  sections?: Readonly<Record<string, string>>;
}

/**
 * The page as plain text, lines of at most 120 characters.
 *
 * citty's renderUsage colours what goes into a pipe, too (it asks NO_COLOR, TERM, TEST and CI, not whether there is a
 * terminal), and knows one line of usage, no examples and no paragraphs: the definitions are its own, the page is not.
 */
export function renderHelp(page: HelpPage): string {
  const parts = [page.description, section('Usage', page.usage.join('\n'))];
  if (page.commands) parts.push(section('Commands', columns(Object.entries(page.commands))));
  const options = Object.entries(page.args).map(([name, arg]): [string, string] => {
    const letter = 'alias' in arg && arg.alias ? `-${arg.alias}, ` : '';
    const fallback = arg.default !== undefined && arg.type !== 'boolean' ? ` (default ${arg.default})` : '';
    return [`${letter}--${name}${placeholder(arg)}`, `${arg.description ?? ''}${fallback}`];
  });
  parts.push(section('Options', columns(options)));
  if (page.examples) parts.push(section('Examples', page.examples.join('\n')));
  for (const [heading, text] of Object.entries(page.sections ?? {})) parts.push(section(heading, text));
  return parts.join('\n\n');
}

/**
 * Two columns, the first one as wide as its widest cell.
 * @param lineWidth characters of a line at which the second one is wrapped between words
 */
export function columns(
  rows: readonly (readonly [string, string])[],
  lineWidth = Number.POSITIVE_INFINITY,
): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows
    .flatMap(([left, right]) =>
      wrap(right, lineWidth - width - 2).map((text, i) => [i === 0 ? left : '', text] as const),
    )
    .map(([left, right]) => `${left.padEnd(width)}  ${right}`.trimEnd())
    .join('\n');
}

// --- internal ---

function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(' ', width);
  return space <= 0 ? [text] : [text.slice(0, space), ...wrap(text.slice(space + 1), width)];
}

function section(heading: string, text: string): string {
  return `${heading}:\n${text.replace(/^(?=.)/gm, '  ')}`;
}

function placeholder(arg: ArgsDef[string]): string {
  if (arg.type === 'enum') return ` ${arg.options?.join('|') ?? 'value'}`;
  if (arg.type === 'string') return ` ${arg.valueHint ?? 'value'}`;
  return '';
}
