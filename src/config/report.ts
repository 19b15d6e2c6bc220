// Findings of all files → one message: each problem once, in reading order, and with its file where that is not plain.
import { SinkError } from '../errors.ts';
import { type Findings, noFindings, type Problem, renderProblem } from './value/entry.ts';

/** What one connector's reading found. */
export interface PartialFindings {
  /** Of the connector's file. */
  path: string;
  findings: Findings;
}

/**
 * All findings, each once: what is wrong with the worker's settings is found with every connector. With several
 * connectors, what names no place gets the file's.
 * @param common what concerns no connector in particular
 */
export function gather(common: Findings, parts: readonly PartialFindings[]): Findings {
  const several = parts.length > 1;
  const all = noFindings();
  const problems = new Map<string, Problem>();
  const keep = (problem: Problem) => problems.set(renderProblem(problem), problem);
  common.problems.forEach(keep);
  const files = parts.map(part => part.path);
  for (const { path, findings } of parts) {
    for (const problem of findings.problems)
      keep(several && problem.where === undefined ? { ...problem, where: path } : problem);
  }
  all.problems.push(...problems.values());
  for (const kind of ['warnings', 'notes'] as const) {
    const texts = new Set(common[kind]);
    for (const { path, findings } of parts) {
      for (const text of findings[kind]) {
        const plain = parts.every(part => part.findings[kind].includes(text)) || namesFile(text, files);
        texts.add(plain ? text : `${path}: ${text}`);
      }
    }
    all[kind].push(...texts);
  }
  return all;
}

/**
 * The error that ends start-up, CONFIG_INVALID, with a line for each problem.
 * @param files paths in the order in which their problems are told
 */
export function configurationError(
  findings: Findings,
  files: readonly string[],
  mask: (text: string) => string,
): SinkError {
  const lines = inReadingOrder(findings.problems, files).map(problem => `  ${renderProblem(problem)}`);
  const hints = findings.warnings
    .filter(warning => warning.includes('did you mean'))
    .map(hint => `  (${hint})`);
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  const text = mask([`${count} in the configuration`, ...lines, ...hints].join('\n'));
  return new SinkError('CONFIG_INVALID', text);
}

// --- internal ---

function namesFile(text: string, files: readonly string[]): boolean {
  return files.some(file => text.includes(`${file}:`));
}

/** Arguments and environment, then file by file and line by line, as one goes through them with an editor. */
function inReadingOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const rank = ({ where }: Problem): [file: number, line: number] => {
    if (where === undefined) return [files.length, 0];
    const [, path, line] = /^(.*?):(\d+)(?::\d+)?$/.exec(where) ?? [];
    // A place without a line is the whole file's: what is missing from it comes after what it has.
    return [files.indexOf(path ?? where), line === undefined ? Number.POSITIVE_INFINITY : Number(line)];
  };
  return problems
    .map(problem => ({ problem, rank: rank(problem) }))
    .sort((a, b) => (a.rank[0] === b.rank[0] ? compare(a.rank[1], b.rank[1]) : a.rank[0] - b.rank[0]))
    .map(({ problem }) => problem);
}

/** Infinity less itself is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
