// scripts/bench: fills topics on a real Kafka, runs the executable and the Python script, or the executables of two
// revisions, against a server that only counts, and prints one table. CPU seconds come first: wall time is noisy on a
// shared machine. scripts/bench starts it.
import { Client } from '../stack/client.ts';
import { EXECUTABLE } from '../stack/sink.ts';
import { startKafka } from '../stack/stack.ts';
import { measureBeside } from './beside.ts';
import { sinkCandidate } from './candidate.ts';
import { compare } from './compare.ts';
import { renderComparison } from './comparison.ts';
import type { Setting } from './measure.ts';
import { type BenchOptions, readOptions, UsageError } from './options.ts';
import { progress } from './progress.ts';
import { revisionExecutable, treeCommit } from './revision.ts';
import { renderProfile, renderTable } from './table.ts';

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
  const show = <T>(results: T, render: (results: T) => string) =>
    options.json ? JSON.stringify(results, null, 2) : render(results);
  if (options.compare === undefined) {
    const sink = sinkCandidate('milvus-sink', EXECUTABLE);
    const results = await withSetting(options, setting => measureBeside(sink, setting, options));
    return show(results, () => `${renderTable(results)}\n${renderProfile(results)}`);
  }
  const revision = await revisionExecutable(options.compare);
  const before = sinkCandidate(revision.name, revision.executable);
  const now = sinkCandidate(process.env.MILVUS_SINK ?? `this tree (${treeCommit()})`, EXECUTABLE);
  return show(
    await withSetting(options, setting => compare(before, now, setting, options)),
    renderComparison,
  );
}

/** Gives `work` a Kafka and a client that writes to it. */
async function withSetting<T>(options: BenchOptions, work: (setting: Setting) => Promise<T>): Promise<T> {
  const client = await Client.start();
  const kafka = options.brokers ? undefined : await progress('Kafka', () => startKafka());
  const result = await work({
    client,
    brokers: options.brokers ?? kafka!.address,
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
  });
  await client.close();
  await kafka?.stop();
  return result;
}
