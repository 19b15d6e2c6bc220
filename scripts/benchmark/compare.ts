// The executable of a git revision against this tree's: both in turns on the same topic, so that what else happens on
// the machine meets both alike.
import { statSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { SinkCandidate } from './candidate.ts';
import { type Comparison, compareFigure, type Figure } from './comparison.ts';
import { type CatchUp, catchUp, idle, type Setting, type Trickle, trickle } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { machine } from './process.ts';
import { progress } from './progress.ts';
import { filledTopic, freshTopic } from './topics.ts';

export async function compare(
  revision: SinkCandidate,
  tree: SinkCandidate,
  setting: Setting,
  options: BenchOptions,
): Promise<Comparison> {
  const loadAverageBefore = loadavg()[0]!;
  const turns: Turns = { revision, tree, runs: options.runs };
  const figures: Figure[] = [];
  for (const dim of options.dims) {
    if (options.only.includes('catchup')) {
      const rows = options.rows[dim];
      const topic = await progress(`topic of ${rows} rows, dim ${dim}`, () =>
        filledTopic(setting, dim, rows),
      );
      const taken = await inTurns(turns, `catching up, dim ${dim}`, candidate =>
        catchUp(candidate, setting, topic, dim, rows),
      );
      const kinds = [...CATCH_UP, ...stageKinds([...taken.revision, ...taken.tree])];
      figures.push(...kinds.map(kind => figureOf(kind, taken, `dim ${dim}: `)));
    }
    if (options.only.includes('trickle')) {
      const taken = await inTurns(turns, `100 records/s, dim ${dim}`, async candidate => {
        // What the run before has left in a topic would come first.
        const topic = await freshTopic(setting, `trickle_${dim}`);
        return trickle(candidate, setting, topic, dim, 100, options.seconds);
      });
      figures.push(...TRICKLE.map(kind => figureOf(kind, taken, `dim ${dim}, 100 records/s: `)));
    }
  }
  if (options.only.includes('idle')) {
    const topic = await freshTopic(setting, 'idle');
    const taken = await inTurns(turns, 'standing idle', candidate =>
      idle(candidate, setting, topic, 768, 10),
    );
    figures.push(figureOf(IDLE, taken));
  }
  const sizes = {
    revision: [statSync(revision.executable).size / 1e6],
    tree: [statSync(tree.executable).size / 1e6],
  };
  figures.push(figureOf(SIZE, sizes));
  return {
    date: new Date().toISOString(),
    machine: machine(),
    revision: revision.name,
    tree: tree.name,
    runs: options.runs,
    loadAverageBefore,
    figures: figures.map(compareFigure),
  };
}

// --- internal ---

interface Turns {
  revision: SinkCandidate;
  tree: SinkCandidate;
  runs: number;
}

/** The results of both, in the order of the rounds. */
interface Taken<T> {
  revision: T[];
  tree: T[];
}

/** A figure that a result holds. */
interface Kind<T> extends Pick<Figure, 'label' | 'better' | 'digits'> {
  of(result: T): number;
}

const CATCH_UP: readonly Kind<CatchUp>[] = [
  {
    label: 'rows per CPU second, start-up counted',
    better: 'higher',
    digits: 0,
    of: run => run.rowsPerCpuSecond,
  },
  { label: 'rows per second of wall time', better: 'higher', digits: 0, of: run => run.rowsPerSecond },
  { label: 'start to first row, ms', better: 'lower', digits: 0, of: run => run.firstRowMs },
  { label: 'peak memory, MB', better: 'lower', digits: 1, of: run => run.peakMb },
];

const TRICKLE: readonly Kind<Trickle>[] = [
  { label: 'latency p50, ms', better: 'lower', digits: 2, of: run => run.p50Ms },
  { label: 'latency p99, ms', better: 'lower', digits: 2, of: run => run.p99Ms },
  { label: 'CPU, % of a core', better: 'lower', digits: 2, of: run => run.cpuShare * 100 },
  { label: 'memory, MB', better: 'lower', digits: 1, of: run => run.residentMb },
];

const IDLE: Kind<number> = { label: 'idle memory, MB', better: 'lower', digits: 1, of: mb => mb };
const SIZE: Kind<number> = { label: 'size of the executable, MB', better: 'lower', digits: 2, of: mb => mb };

/** The CPU of each stage that every run tells of, where it is any; `poll` is what the other stages leave over. */
function stageKinds(runs: readonly CatchUp[]): Kind<CatchUp>[] {
  const cpuUs = (run: CatchUp, stage: string) => ((run.profile?.[`${stage}Ms`] ?? 0) * 1000) / run.rows;
  return Object.keys(runs[0]?.profile ?? {})
    .filter(key => key !== 'cpuMs')
    .map(key => key.replace(/Ms$/, ''))
    .filter(stage => runs.every(run => cpuUs(run, stage) > 0))
    .map(stage => ({
      label: `CPU of a row, ${stage}, µs`,
      better: 'lower',
      digits: 2,
      of: run => cpuUs(run, stage),
    }));
}

/** Measures the one, then the other, and again: never one of them often and then the other often. */
async function inTurns<T>(
  { revision, tree, runs }: Turns,
  what: string,
  measure: (candidate: SinkCandidate) => Promise<T>,
): Promise<Taken<T>> {
  const taken: Taken<T> = { revision: [], tree: [] };
  for (let run = 1; run <= runs; run++) {
    const turn = `${what}, ${run} of ${runs}`;
    taken.revision.push(await progress(`${turn}: ${revision.name}`, () => measure(revision)));
    taken.tree.push(await progress(`${turn}: ${tree.name}`, () => measure(tree)));
  }
  return taken;
}

function figureOf<T>({ of, ...kind }: Kind<T>, taken: Taken<T>, scope = ''): Figure {
  return {
    ...kind,
    label: `${scope}${kind.label}`,
    revision: taken.revision.map(of),
    tree: taken.tree.map(of),
  };
}
