// Which figures the measurements have: label, unit, what is better, how many digits are worth reading.
import type { Figure } from './comparison.ts';
import type { CatchUp, Trickle } from './measure.ts';

/** A figure that a result holds, or does not. */
export interface Kind<T> extends Pick<Figure, 'label' | 'better' | 'digits'> {
  of(result: T): number | undefined;
}

export const CATCH_UP: readonly Kind<CatchUp>[] = [
  {
    label: 'rows per CPU second, start-up counted',
    better: 'higher',
    digits: 0,
    of: run => run.rowsPerCpuSecond,
  },
  { label: 'rows per second of wall time', better: 'higher', digits: 0, of: run => run.rowsPerSecond },
  {
    label: 'CPU while catching up, % of a core',
    better: 'lower',
    digits: 0,
    of: run => percent(run.cpuShare),
  },
  {
    label: 'of it JavaScript (main thread), % of a core',
    better: 'lower',
    digits: 0,
    of: run => percent(run.javaScriptShare),
  },
  { label: 'start to first row, ms', better: 'lower', digits: 0, of: run => run.firstRowMs },
  { label: 'peak memory, MB', better: 'lower', digits: 1, of: run => run.peakMb },
];

export const TRICKLE: readonly Kind<Trickle>[] = [
  { label: 'latency p50, ms', better: 'lower', digits: 2, of: run => run.p50Ms },
  { label: 'latency p90, ms', better: 'lower', digits: 2, of: run => run.p90Ms },
  { label: 'latency p99, ms', better: 'lower', digits: 2, of: run => run.p99Ms },
  { label: 'CPU, % of a core', better: 'lower', digits: 2, of: run => percent(run.cpuShare) },
  { label: 'memory, MB', better: 'lower', digits: 1, of: run => run.residentMb },
  {
    label: 'the producer itself late p99, ms',
    better: 'lower',
    digits: 2,
    of: run => run.producerLateP99Ms,
  },
];

export const IDLE: Kind<number> = { label: 'memory, MB', better: 'lower', digits: 1, of: mb => mb };
export const SIZE: Kind<number> = { label: 'size, MB', better: 'lower', digits: 2, of: mb => mb };

/** The CPU of each stage that a milvus-sink told of; `poll` is what the other stages leave over. */
export function stageKinds(runs: readonly CatchUp[]): Kind<CatchUp>[] {
  const stages = new Set(runs.flatMap(run => Object.keys(run.stages ?? {})));
  stages.delete('cpuMs');
  return [...stages].map(key => ({
    label: `CPU of a row, ${key.replace(/Ms$/, '')}, µs`,
    better: 'lower',
    digits: 2,
    of: run => (run.stages && ((run.stages[key] ?? 0) * 1000) / run.rows) || undefined,
  }));
}

/** @param taken the results of every candidate, in the order of the rounds */
export function figureOf<T>(
  { of, ...kind }: Kind<T>,
  taken: readonly (readonly T[])[],
  scope: string,
): Figure {
  const values = taken.map(results => results.map(of).filter(value => value !== undefined));
  // Of a candidate that tells a figure at times only there is no median: it has none.
  return { ...kind, scope, values: values.map((of, i) => (of.length === taken[i]!.length ? of : [])) };
}

// --- internal ---

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}
