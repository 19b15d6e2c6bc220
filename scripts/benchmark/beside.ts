// The executable beside the Python script: every measurement of both, catch-up as the median of its runs.
import { statSync } from 'node:fs';
import { type Candidate, rival, type SinkCandidate } from './candidate.ts';
import { type CatchUp, catchUp, idle, type Setting, type Trickle, trickle } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { machine } from './process.ts';
import { progress } from './progress.ts';
import { filledTopic, freshTopic } from './topics.ts';

export interface Results {
  date: string;
  machine: ReturnType<typeof machine>;
  executableMb: number;
  /** MB, on an empty topic. */
  idleMb?: number;
  candidates: {
    name: string;
    catchUp: Record<string, CatchUp>;
    trickle: Record<string, Trickle>;
  }[];
}

export async function measureBeside(
  sink: SinkCandidate,
  setting: Setting,
  options: BenchOptions,
): Promise<Results> {
  const candidates: Candidate[] = options.rival ? [sink, rival] : [sink];
  const results: Results = {
    date: new Date().toISOString(),
    machine: machine(),
    executableMb: statSync(sink.executable).size / 1e6,
    candidates: candidates.map(({ name }) => ({ name, catchUp: {}, trickle: {} })),
  };
  for (const dim of options.dims) {
    if (options.only.includes('catchup')) {
      const rows = options.rows[dim];
      const topic = await progress(`topic of ${rows} rows, dim ${dim}`, () =>
        filledTopic(setting, dim, rows),
      );
      for (const [i, candidate] of candidates.entries()) {
        const runs: CatchUp[] = [];
        for (let run = 0; run < options.runs; run++) {
          runs.push(
            await progress(`${candidate.name}: catching up, dim ${dim}`, () =>
              catchUp(candidate, setting, topic, dim, rows),
            ),
          );
        }
        runs.sort((a, b) => a.cpuSeconds - b.cpuSeconds);
        results.candidates[i]!.catchUp[dim] = runs[Math.floor(runs.length / 2)]!;
      }
    }
    if (options.only.includes('trickle')) {
      for (const [i, candidate] of candidates.entries()) {
        const topic = await freshTopic(setting, `trickle_${dim}`);
        results.candidates[i]!.trickle[dim] = await progress(
          `${candidate.name}: 100 records/s, dim ${dim}`,
          () => trickle(candidate, setting, topic, dim, 100, options.seconds),
        );
      }
    }
  }
  if (options.only.includes('idle')) {
    const topic = await freshTopic(setting, 'idle');
    results.idleMb = await progress(`${sink.name}: standing idle`, () => idle(sink, setting, topic, 768, 10));
  }
  return results;
}
