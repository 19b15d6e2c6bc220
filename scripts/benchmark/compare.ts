// Measures every candidate, all of them in turns on the same topic, so that what else happens on the machine meets all
// alike.
import { statSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { Candidate } from './candidate.ts';
import { type Comparison, compareFigure, type Figure } from './comparison.ts';
import { CATCH_UP, figureOf, IDLE, type Kind, SIZE, stageKinds, TRICKLE } from './figures.ts';
import { catchUp, idle, type ProfiledRows, type Setting, trickle } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { machine } from './process.ts';
import { progress } from './progress.ts';
import { groupThreads, type ThreadTable } from './threads.ts';
import { filledTopic, freshTopic } from './topics.ts';

/** @param candidates the first is what the others are compared with */
export async function compare(
  candidates: readonly Candidate[],
  setting: Setting,
  options: BenchOptions,
): Promise<Comparison> {
  const loadAverageBefore = loadavg()[0]!;
  const taken = new Taken(candidates, options.runs);
  if (options.only.includes('trickle')) await warmUp(candidates[0]!, setting, options);
  for (const dim of options.dims) {
    for (const partitions of options.only.includes('catchup') ? options.partitions : []) {
      const rows = options.rows[dim];
      const scope = `dim ${dim}, ${rows.toLocaleString('en')} rows in ${plural(partitions, 'partition')}`;
      const topic = await progress(`topic: ${scope}`, () => filledTopic(setting, dim, rows, partitions));
      const results = await taken.inTurns(scope, candidate =>
        catchUp(candidate, setting, { topic, partitions, dim, rows }),
      );
      taken.keep(scope, results, [...CATCH_UP, ...stageKinds(results.flat())]);
      taken.keepThreads(scope, results);
    }
    for (const rate of options.only.includes('trickle') ? options.rates : []) {
      const scope = `dim ${dim}, ${rate.toLocaleString('en')} records/s`;
      const results = await taken.inTurns(scope, async candidate => {
        // What the run before has left in a topic would come first.
        const topic = await freshTopic(setting, `trickle_${dim}`);
        return trickle(candidate, setting, topic, dim, rate, options.seconds);
      });
      taken.keep(scope, results, TRICKLE);
      taken.keepThreads(scope, results);
    }
  }
  if (options.only.includes('idle')) {
    const topic = await freshTopic(setting, 'idle');
    const results = await taken.inTurns('standing idle', candidate =>
      idle(candidate, setting, topic, 768, 10),
    );
    taken.keep('standing idle', results, [IDLE]);
  }
  const sizes = candidates.map(({ executable }) => (executable ? [statSync(executable).size / 1e6] : []));
  taken.keep('the executable', sizes, [SIZE]);
  return {
    date: new Date().toISOString(),
    machine: machine(),
    candidates: candidates.map(({ name }) => name),
    runs: options.runs,
    loadAverageBefore,
    figures: taken.figures.map(compareFigure),
    profiles: taken.profiles,
  };
}

// --- internal ---

/** Shorter is too short: after 7 s the next two runs still had a p50 of several times the later ones (Go, 1,000 records/s). */
const WARM_UP_SECONDS = 30;

/**
 * A trickle that nobody counts. A broker that has just been started compiles its code while the first records come one
 * by one, and who is measured first would wait for that. What is left shows in `the producer itself late`.
 */
async function warmUp(candidate: Candidate, setting: Setting, options: BenchOptions): Promise<void> {
  const [dim, rate] = [options.dims[0]!, Math.max(...options.rates)];
  const topic = await freshTopic(setting, 'warm_up');
  await progress('warming up Kafka', () => trickle(candidate, setting, topic, dim, rate, WARM_UP_SECONDS));
}

/** What was measured so far. Results are lists by candidate, in the order of the rounds. */
class Taken {
  readonly figures: Figure[] = [];
  readonly profiles: ThreadTable[] = [];

  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly runs: number,
  ) {}

  /**
   * Measures each candidate once, and again: never one of them often and then another often. Every round begins with
   * another one, so that none always runs after the same.
   */
  async inTurns<T>(scope: string, measure: (candidate: Candidate) => Promise<T>): Promise<T[][]> {
    const results: T[][] = this.candidates.map(() => []);
    for (let round = 0; round < this.runs; round++) {
      for (let turn = 0; turn < this.candidates.length; turn++) {
        const i = (round + turn) % this.candidates.length;
        const candidate = this.candidates[i]!;
        const what = `${scope}, ${round + 1} of ${this.runs}: ${candidate.name}`;
        results[i]!.push(await progress(what, () => measure(candidate)));
      }
    }
    return results;
  }

  /** Keeps the figures that any of the candidates has. */
  keep<T>(scope: string, results: readonly (readonly T[])[], kinds: readonly Kind<T>[]): void {
    const figures = kinds.map(kind => figureOf(kind, results, scope));
    this.figures.push(...figures.filter(({ values }) => values.some(of => of.length > 0)));
  }

  keepThreads(scope: string, results: readonly (readonly { threads?: ProfiledRows }[])[]): void {
    for (const [i, { name }] of this.candidates.entries()) {
      const profiled = results[i]!.flatMap(({ threads }) => threads ?? []);
      if (profiled.length === 0) continue;
      this.profiles.push({
        scope,
        candidate: name,
        rows: profiled.reduce((sum, { rows }) => sum + rows, 0),
        groups: groupThreads(profiled.map(({ use }) => use)),
      });
    }
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
