// What a benchmark comes to: figures of every candidate, taken in turns; their medians, and how the first candidate's
// stand to those of the others.
import type { ThreadTable } from './threads.ts';

/** A figure of every candidate; the unit is in its label. */
export interface Figure {
  /** What was measured: figures of one scope stand together. */
  scope: string;
  label: string;
  better: 'higher' | 'lower';
  /** Digits after the point that are worth reading. */
  digits: number;
  /**
   * By candidate, one value of each run in order: the n-th of all were taken one after the other. None of a candidate
   * that has no such figure.
   */
  values: number[][];
}

export interface ComparedFigure extends Figure {
  /** By candidate; null where there is no value. */
  medians: (number | null)[];
  /** By candidate: the first one's figure by its; null for the first itself, and where one of the two has none. */
  ratios: (Ratio | null)[];
}

export interface Ratio {
  ofMedians: number;
  /** Least and greatest ratio of one round: what the machine's noise makes of a single look. */
  ofRounds: [min: number, max: number];
}

export interface Comparison {
  date: string;
  machine: { cpu: string; cores: number; memoryGb: number; kernel: string };
  /** For people; the first is what the others are compared with. */
  candidates: string[];
  runs: number;
  /** Processes that ran or wanted to, over the minute before: on a machine that is busy, ratios say little. */
  loadAverageBefore: number;
  figures: ComparedFigure[];
  /** Where the CPU went, when that was asked for. */
  profiles: ThreadTable[];
}

/** @throws Error when a figure was not taken equally often of all candidates that have it, or of none */
export function compareFigure(figure: Figure): ComparedFigure {
  const { scope, label, values } = figure;
  const often = new Set(values.map(of => of.length).filter(length => length > 0));
  if (often.size !== 1) {
    throw new Error(`${scope}: ${label}: taken ${values.map(of => of.length).join(', ')} times`);
  }
  const [first = []] = values;
  return {
    ...figure,
    medians: values.map(of => (of.length === 0 ? null : median(of))),
    ratios: values.map((of, i) =>
      i === 0 || first.length === 0 || of.length === 0 ? null : ratio(first, of),
    ),
  };
}

// --- internal ---

function ratio(first: readonly number[], other: readonly number[]): Ratio {
  const rounds = first.map((value, i) => value / other[i]!);
  return {
    ofMedians: median(first) / median(other),
    ofRounds: [Math.min(...rounds), Math.max(...rounds)],
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
