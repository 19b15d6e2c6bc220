// scripts/bench: fills topics on a real Kafka, runs this tree's executable and what it is compared with against a
// server that only counts, and prints one table. CPU seconds come first: wall time is noisy on a shared machine.
// scripts/bench starts it.
import { Client } from '../stack/client.ts';
import { EXECUTABLE } from '../stack/sink.ts';
import { startKafka } from '../stack/stack.ts';
import { type Candidate, sinkCandidate } from './candidate.ts';
import { compare } from './compare.ts';
import type { Setting } from './measure.ts';
import { type BenchOptions, readOptions, UsageError } from './options.ts';
import { progress } from './progress.ts';
import { revisionExecutable, treeCommit } from './revision.ts';
import { rival } from './rivals.ts';
import { renderComparison } from './table.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
try {
  console.log(await bench(readOptions(process.argv.slice(2))));
  process.exit(0);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  if (error instanceof UsageError) console.error('scripts/bench --help has the options');
  process.exit(error instanceof UsageError ? 2 : 1);
}

// --- internal ---

async function bench(options: BenchOptions): Promise<string> {
  const candidates = await candidatesOf(options);
  const results = await withSetting(options, setting => compare(candidates, setting, options));
  return options.json ? JSON.stringify(results, null, 2) : renderComparison(results);
}

/** This tree's executable and everything that it is compared with, built and ready. */
async function candidatesOf({ compare, rivals }: BenchOptions): Promise<Candidate[]> {
  const others: Candidate[] = [];
  for (const name of rivals) others.push(await rival(name));
  if (compare !== undefined) {
    const { name, executable } = await revisionExecutable(compare);
    others.unshift(sinkCandidate(name, executable));
  }
  const name = process.env.MILVUS_SINK ?? `this tree (${treeCommit()})`;
  return [sinkCandidate(name, EXECUTABLE), ...others];
}

/** Gives `work` a Kafka and a client that writes to it. */
async function withSetting<T>(options: BenchOptions, work: (setting: Setting) => Promise<T>): Promise<T> {
  const client = await Client.start();
  const kafka = options.brokers ? undefined : await progress('Kafka', () => startKafka());
  const result = await work({
    client,
    brokers: options.brokers ?? kafka!.address,
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
    profile: options.profile,
  });
  await client.close();
  await kafka?.stop();
  return result;
}
