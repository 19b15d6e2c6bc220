// The results as Markdown: one table of all figures, and where the CPU went by thread.
import type { ComparedFigure, Comparison } from './comparison.ts';
import { cpuSeconds, type ThreadTable, type Work } from './threads.ts';

/** One line a figure, below its scope: the median of each candidate, and how the first one's stands to the others'. */
export function renderComparison(comparison: Comparison): string {
  const { machine, date, loadAverageBefore, candidates, runs, figures, profiles } = comparison;
  const { cpu, cores, memoryGb, kernel } = machine;
  const [first, ...others] = candidates;
  const header = ['', 'better is', ...candidates, ...others.map(name => `ratio to ${name}`)];
  const lines: string[] = [];
  let scope: string | undefined;
  for (const figure of figures) {
    if (figure.scope !== scope) {
      scope = figure.scope;
      lines.push(line([`**${scope}**`, ...header.slice(1).map(() => '')]));
    }
    lines.push(line(cellsOf(figure)));
  }
  const values =
    runs === 1 ? 'One run of each' : `Medians (least-greatest) of ${runs} runs of each, in turns`;
  const ratios = runs === 1 ? '' : ' (of one round, least-greatest)';
  return [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, ${date.slice(0, 10)}, load average before ${number(loadAverageBefore, 1)}`,
    `${values}${others.length === 0 ? '.' : `; ratios${ratios} are those of ${first} to the others.`}`,
    '',
    line(header),
    aligned(2, header.length - 2),
    ...lines,
    ...profiles.flatMap(profile => ['', renderThreads(profile)]),
  ].join('\n');
}

/** Where the CPU of a row went, one line a kind of thread. */
export function renderThreads({ scope, candidate, rows, groups }: ThreadTable): string {
  const header = ['', 'threads', 'user, µs a row', 'system, µs a row', 'both', '%', 'minor faults a row'];
  const total = groups.reduce((sum, group) => sum + cpuSeconds(group), 0);
  const perRow = (seconds: number) => number((seconds * 1e6) / rows, 2);
  const cells = (work: Work) => [
    perRow(work.userSeconds),
    perRow(work.systemSeconds),
    perRow(cpuSeconds(work)),
    number((cpuSeconds(work) / total) * 100, 1),
    number(work.minorFaults / rows, 3),
  ];
  const sum = (of: keyof Work) => groups.reduce((all, group) => all + group[of], 0);
  const all: Work = {
    userSeconds: sum('userSeconds'),
    systemSeconds: sum('systemSeconds'),
    minorFaults: sum('minorFaults'),
  };
  return [
    `CPU by thread, ${candidate}, ${scope}; start-up not counted:`,
    '',
    line(header),
    aligned(1, header.length - 1),
    ...groups.map(group =>
      line([group.name, group.threads === 0 ? '' : `${group.threads}`, ...cells(group)]),
    ),
    line(['all', '', ...cells(all)]),
  ].join('\n');
}

// --- internal ---

/** Label, what is better, medians, ratios; empty where a candidate has no such figure. */
function cellsOf({ label, better, digits, values, medians, ratios }: ComparedFigure): string[] {
  return [
    label,
    better,
    ...medians.map((median, i) => (median === null ? '' : withSpread(median, values[i]!, digits))),
    ...ratios
      .slice(1)
      .map(ratio =>
        ratio === null ? '' : withSpread(ratio.ofMedians, ratio.ofRounds, 3, values[0]!.length),
      ),
  ];
}

function withSpread(middle: number, values: readonly number[], digits: number, runs = values.length): string {
  const show = (value: number) => number(value, digits);
  const spread = ` (${show(Math.min(...values))}-${show(Math.max(...values))})`;
  return `${show(middle)}${runs === 1 ? '' : spread}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The line below a header: `texts` columns to the left, `figures` to the right. */
function aligned(texts: number, figures: number): string {
  return `|${'---|'.repeat(texts)}${'---:|'.repeat(figures)}`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
