// What a comparison of two executables comes to: medians, ratios and spreads of figures that were taken in turns.
import type { machine } from './process.ts';

/** A figure of both executables; the unit is in its label. */
export interface Figure {
  label: string;
  better: 'higher' | 'lower';
  /** Digits after the point that are worth reading. */
  digits: number;
  /** One of each run, in order; the n-th of both were taken one after the other. */
  revision: number[];
  tree: number[];
}

export interface Comparison {
  date: string;
  machine: ReturnType<typeof machine>;
  /** What was compared, for people. */
  revision: string;
  tree: string;
  runs: number;
  /** Processes that ran or wanted to, over the minute before: on a machine that is busy, ratios say little. */
  loadAverageBefore: number;
  figures: ComparedFigure[];
}

export interface ComparedFigure extends Figure {
  revisionMedian: number;
  treeMedian: number;
  /** The tree's median by the revision's. */
  ratio: number;
  /** Least and greatest ratio of one round: what the machine's noise makes of a single look. */
  roundRatios: [min: number, max: number];
}

/** @throws Error when a figure was not taken equally often, at least once, of both */
export function compareFigure(figure: Figure): ComparedFigure {
  const { label, revision, tree } = figure;
  if (revision.length === 0 || revision.length !== tree.length) {
    throw new Error(`${label}: ${revision.length} values of the revision, ${tree.length} of this tree`);
  }
  const revisionMedian = median(revision);
  const treeMedian = median(tree);
  const rounds = revision.map((value, i) => tree[i]! / value);
  return {
    ...figure,
    revisionMedian,
    treeMedian,
    ratio: treeMedian / revisionMedian,
    roundRatios: [Math.min(...rounds), Math.max(...rounds)],
  };
}

/** A Markdown table, one line a figure. */
export function renderComparison(comparison: Comparison): string {
  const { cpu, cores, memoryGb, kernel } = comparison.machine;
  const load = number(comparison.loadAverageBefore, 1);
  const lines = comparison.figures.map(figure => {
    const { label, better, digits, revision, tree, revisionMedian, treeMedian, ratio, roundRatios } = figure;
    const show = (value: number) => number(value, digits);
    const cells = [
      label,
      better,
      show(revisionMedian),
      spread(revision, show),
      show(treeMedian),
      spread(tree, show),
      number(ratio, 3),
      spread(roundRatios, value => number(value, 3)),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, ${comparison.date.slice(0, 10)}, load average before ${load}`,
    `Before: ${comparison.revision}. Now: ${comparison.tree}. Medians of ${comparison.runs} runs of each, in turns.`,
    '',
    '| | better is | before | min-max | now | min-max | now / before | of one round, min-max |',
    '|---|---|---:|---:|---:|---:|---:|---:|',
    ...lines,
  ].join('\n');
}

// --- internal ---

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function spread(values: readonly number[], show: (value: number) => string): string {
  return `${show(Math.min(...values))}-${show(Math.max(...values))}`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
