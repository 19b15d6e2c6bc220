// scripts/bench: fills topics on a real Kafka, runs the executable and the Python script against a server that only
// counts, and prints one table. CPU seconds come first: wall time is noisy on a shared machine.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Client } from '../../test/support/client.ts';
import { EXECUTABLE } from '../../test/support/sink.ts';
import { startKafka } from '../../test/support/stack.ts';
import { type Candidate, milvusSink, rival } from './candidate.ts';
import { type CatchUp, catchUp, idle, type Setting, type Trickle, trickle } from './measure.ts';
import { machine } from './process.ts';
import { renderProfile, renderTable } from './table.ts';

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

const USAGE = `usage: scripts/bench [options]
  --only LIST       of catchup, trickle, idle (default: all three)
  --dims LIST       of 8, 768 (default: both)
  --rows-8 N        rows of the topic with dim 8 (default 1,000,000)
  --rows-768 N      rows of the topic with dim 768 (default 150,000)
  --runs N          catch-up runs of each, of which the median counts (default 1)
  --seconds N       length of a trickle (default 20)
  --no-rival        without the Python script
  --brokers LIST    a Kafka that runs already; else one is started, and ended (topics that are full are used again)
  --endpoint URL    a counting server that runs already, with its counts on the next port
  --json            results as JSON on standard output; progress goes to standard error either way`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'catchup,trickle,idle' },
    dims: { type: 'string', default: '8,768' },
    'rows-8': { type: 'string', default: '1000000' },
    'rows-768': { type: 'string', default: '150000' },
    runs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '20' },
    'no-rival': { type: 'boolean', default: false },
    brokers: { type: 'string' },
    endpoint: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
try {
  const results = await measureAll();
  console.log(
    options.json ? JSON.stringify(results, null, 2) : `${renderTable(results)}\n${renderProfile(results)}`,
  );
  process.exit(0);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

// --- internal ---

async function measureAll(): Promise<Results> {
  const only = new Set(options.only.split(','));
  const dims = options.dims.split(',').map(Number);
  const candidates: Candidate[] = options['no-rival'] ? [milvusSink] : [milvusSink, rival];
  const client = await Client.start();
  const kafka = options.brokers ? undefined : await progress('Kafka', () => startKafka());
  const setting: Setting = {
    client,
    brokers: options.brokers ?? kafka!.address,
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
  };
  const results: Results = {
    date: new Date().toISOString(),
    machine: machine(),
    executableMb: statSync(EXECUTABLE).size / 1e6,
    candidates: candidates.map(({ name }) => ({ name, catchUp: {}, trickle: {} })),
  };

  for (const dim of dims) {
    if (only.has('catchup')) {
      const rows = Number(options[dim === 768 ? 'rows-768' : 'rows-8']);
      const topic = await progress(`topic of ${rows} rows, dim ${dim}`, () => filled(setting, dim, rows));
      for (const [i, candidate] of candidates.entries()) {
        const runs: CatchUp[] = [];
        for (let run = 0; run < Number(options.runs); run++) {
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
    if (only.has('trickle')) {
      for (const [i, candidate] of candidates.entries()) {
        const topic = await fresh(setting, `trickle_${dim}`);
        results.candidates[i]!.trickle[dim] = await progress(
          `${candidate.name}: 100 records/s, dim ${dim}`,
          () => trickle(candidate, setting, topic, dim, 100, Number(options.seconds)),
        );
      }
    }
  }
  if (only.has('idle')) {
    const topic = await fresh(setting, 'idle');
    results.idleMb = await progress('milvus-sink: standing idle', () =>
      idle(milvusSink, setting, topic, 768, 10),
    );
  }
  await client.close();
  await kafka?.stop();
  return results;
}

/** The topic that holds `rows` rows of `dim`; filled when it does not yet. */
async function filled({ client, brokers }: Setting, dim: number, rows: number): Promise<string> {
  const topic = `bench_${dim}_${rows}`;
  const partitions = 4;
  const there = await client
    .ends(brokers, topic, partitions)
    .then(ends => ends.reduce((sum, end) => sum + end, 0))
    .catch(() => 0);
  if (there === rows) return topic;
  if (there > 0)
    throw new Error(
      `topic ${topic} holds ${there} records instead of ${rows}: delete it, or ask for other --rows`,
    );
  await client.topic(brokers, topic, partitions).catch(() => undefined); // asking for its ends may have made it
  await client.ask('fill', { bootstrap: brokers, topic, dim, rows });
  return topic;
}

async function fresh({ client, brokers }: Setting, what: string): Promise<string> {
  const topic = `bench_${what}_${Date.now()}`;
  await client.topic(brokers, topic, 1);
  return topic;
}

async function progress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  process.stderr.write(`  ${what} … `);
  const result = await work();
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}
