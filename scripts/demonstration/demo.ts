// The demo itself, once everything is built; scripts/demo starts it.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Row } from '../stack/client.ts';
import { Sink, until } from '../stack/sink.ts';
import { freePort, ROOT, type Server, startKafka, startMilvus } from '../stack/stack.ts';

const TOPIC = 'topic_0';
const BULK = 5000;
const TRICKLE = { rate: 100, seconds: 4 };
const GUIDE = join(ROOT, 'examples/guide');

const unknown = process.argv.slice(2).find(arg => arg !== '--check' && arg !== '--kafka');
if (unknown !== undefined) {
  console.error(`scripts/demo: no such option: ${unknown} (there are --kafka and --check)`);
  process.exit(2);
}
const check = process.argv.includes('--check');
const realKafka = process.argv.includes('--kafka');
const undo: (() => unknown)[] = [];
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    void cleanUp().then(() => process.exit(check ? 130 : 0));
  });
}

try {
  await demonstrate();
} catch (error) {
  if (!interrupted) {
    console.error(`\n\x1b[31m✗ ${error instanceof Error ? error.message : error}\x1b[0m`);
    await cleanUp();
    process.exit(1);
  }
}

// --- internal ---

async function demonstrate(): Promise<void> {
  title(
    `milvus-sink: ${realKafka ? 'a real Kafka' : 'an embedded Kafka'} → a real Milvus, by the connector's guide`,
  );

  // Side by side: each of them takes about a second.
  const kafka = step('Kafka', async () => {
    const { address, label } = realKafka ? await kafkaServer() : await mockKafka();
    return [label, address];
  });
  const milvus = step('Milvus', async () => {
    const server = await startMilvus('lite3');
    undo.push(() => server.stop());
    return [`milvus-lite 3.2.2 from PyPI on ${server.address}`, server.address];
  });
  const clients = step('clients', async () => {
    const client = await Client.start();
    undo.push(() => client.close());
    return ['confluent-kafka writes, pymilvus reads', client];
  });
  const [bootstrap, address, client] = await Promise.all([kafka, milvus, clients]);
  const at = { uri: `http://${address}` };

  await step('topic, collection', async () => {
    await client.create(at, TOPIC);
    if (realKafka) await client.topic(bootstrap, TOPIC, 4);
    return [`${TOPIC}: id Int64 (key), title VarChar, title_vector FloatVector(8), link VarChar`, undefined];
  });

  const { files, port, args } = await guideFiles(bootstrap, at.uri);
  const sink = await step('milvus-sink', async () => {
    const started = performance.now();
    const made = new Sink([...files, ...args], 'zilliz-kafka-connect-milvus', port);
    undo.push(() => (made.ended ? undefined : made.stop()));
    await made.ready();
    return [`pid ${made.pid}, ready after ${Math.round(performance.now() - started)} ms`, made];
  });
  console.log(dim(`    $ milvus-sink ${[...files.map(f => f.split('/').pop()), ...args].join(' ')}`));

  title("the guide's message");
  const message = readFileSync(join(GUIDE, 'message.json'), 'utf8').trim();
  await client.produce(bootstrap, TOPIC, [{ value: message }]);
  if ((await client.count(at, TOPIC, 1, 30)) !== 1)
    throw new Error(`the guide's message is not in Milvus:\n${sink.log}`);
  const [row] = await client.query(at, TOPIC, 'id == 0');
  console.log('  as Milvus has it (pymilvus):');
  showRow(row!);
  sameAsMessage(row!, JSON.parse(message));

  title(`${BULK.toLocaleString('en')} more`);
  const before = await sink.metric('milvus_sink_rows_written_total');
  const started = performance.now();
  await client.ask('fill', { bootstrap, topic: TOPIC, rows: BULK, first: 1, dim: 8 });
  await until(
    'all rows acknowledged',
    60,
    async () => (await sink.metric('milvus_sink_rows_written_total')) >= before + BULK,
    sink,
  );
  const seconds = (performance.now() - started) / 1000;
  const counted = await client.count(at, TOPIC, BULK + 1, 30);
  if (counted !== BULK + 1) throw new Error(`Milvus has ${counted} rows instead of ${BULK + 1}`);
  const sample = await client.query(at, TOPIC, `id in [1, ${BULK / 2}, ${BULK}]`);
  for (const one of sample) showRow(one, true);
  const rate = Math.round(BULK / seconds).toLocaleString('en');
  fact('rows in Milvus', counted.toLocaleString('en'));
  fact(
    'rate',
    `${rate} rows/s from producing to acknowledged (milvus-lite is the slowest part here; scripts/bench measures the sink)`,
  );

  title(`a trickle: ${TRICKLE.rate} records a second`);
  // The first second is the producer's, which has yet to connect.
  const warmUp = { ...TRICKLE, seconds: 1 };
  await client.ask('trickle', { bootstrap, topic: TOPIC, first: BULK + 1, dim: 8, ...warmUp });
  const measured = BULK + 1 + warmUp.rate * warmUp.seconds;
  await client.count(at, TOPIC, measured, 30);
  const cold = await histogram(sink);
  await client.ask('trickle', { bootstrap, topic: TOPIC, first: measured, dim: 8, ...TRICKLE });
  const total = measured + TRICKLE.rate * TRICKLE.seconds;
  if ((await client.count(at, TOPIC, total, 30)) !== total)
    throw new Error(`Milvus does not have all ${total} rows`);
  const warm = await histogram(sink);
  fact(
    'latency',
    `half within ${quantile(cold, warm, 0.5)}, 99 % within ${quantile(cold, warm, 0.99)} (produced → acknowledged by Milvus)`,
  );
  const memory = statusOf(sink.pid);
  fact('memory', `${memory('VmRSS')} MB now, ${memory('VmHWM')} MB at most`);
  const url = `http://localhost:${sink.port}`;
  const health = await sink.get('/healthz');
  fact('health', `${url}/healthz  ${health?.status === 200 ? 'ok' : health?.body}`);
  fact('metrics', `${url}/metrics`);
  if (health?.status !== 200) throw new Error(`/healthz answers ${health?.status}: ${health?.body}`);

  if (check) {
    title('stopping');
    const code = await sink.stop();
    if (code !== 0) throw new Error(`milvus-sink ended with ${code}:\n${sink.log}`);
    fact('exit code', '0 after SIGTERM');
    await cleanUp();
    console.log('\n\x1b[32m✓ everything as it should be\x1b[0m');
    process.exit(0);
  }
  console.log(`\n  The sink goes on. Its files are in ${dim(files[0]!.replace(/\/[^/]*$/, ''))}`);
  console.log(`  Kafka is at ${bootstrap}, Milvus at ${at.uri}. Ctrl-C ends everything and cleans up.`);
  const code = await sink.exited;
  if (!interrupted) throw new Error(`milvus-sink ended with ${code}:\n${sink.log}`);
}

async function kafkaServer(): Promise<{ address: string; label: string }> {
  const server: Server = await startKafka();
  undo.push(() => server.stop());
  return { address: server.address, label: `Apache Kafka 4.3.1 on ${server.address}` };
}

async function mockKafka(): Promise<{ address: string; label: string }> {
  const child = Bun.spawn([process.execPath, 'run', join(ROOT, 'scripts/stack/mock-broker.ts'), TOPIC], {
    cwd: ROOT,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  undo.push(async () => {
    child.stdin.end();
    await child.exited;
  });
  for await (const chunk of child.stdout) {
    const address = new TextDecoder().decode(chunk).trim();
    return { address, label: `librdkafka's mock cluster on ${address}` };
  }
  throw new Error('the mock cluster did not start');
}

/** The guide's files with nothing changed but addresses and token. */
async function guideFiles(bootstrap: string, endpoint: string) {
  const directory = mkdtempSync(join(tmpdir(), 'milvus-sink-demo-'));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  const change = (file: string, changes: [RegExp, string][]) => {
    const path = join(directory, file);
    copyFileSync(join(GUIDE, file), path);
    let text = readFileSync(path, 'utf8');
    for (const [from, to] of changes) text = text.replace(from, to);
    writeFileSync(path, text);
    return path;
  };
  const files = [
    change('connect-standalone.properties', [[/^bootstrap.servers=.*$/m, `bootstrap.servers=${bootstrap}`]]),
    change('milvus-sink-connector.properties', [
      [/^public.endpoint=.*$/m, `public.endpoint=${endpoint}`],
      [/^token=.*$/m, 'token=root:Milvus'],
    ]),
  ];
  // The mock cluster never wakes a fetch that waits for records, as a real broker does: without this, each would
  // show up to half a second of the mock's own.
  const args = realKafka ? [] : ['--set', 'consumer.fetch.max.wait.ms=5'];
  // 8083 is the default, as Connect's; another port only when that one is in use.
  if (await portFree(8083)) return { files, port: 8083, args };
  const port = await freePort();
  return { files, port, args: [...args, '--set', `listeners=http://localhost:${port}`] };
}

async function portFree(port: number): Promise<boolean> {
  try {
    Bun.listen({ hostname: '0.0.0.0', port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

function sameAsMessage(row: Row, sent: Row): void {
  for (const [name, value] of Object.entries(sent)) {
    const want = Array.isArray(value) ? value.map(x => Math.fround(x)) : value;
    if (!Bun.deepEquals(row[name], want)) {
      throw new Error(
        `field ${name} is ${JSON.stringify(row[name])} in Milvus, ${JSON.stringify(want)} was sent`,
      );
    }
  }
}

/** Cumulated counts of the end-to-end histogram by upper bound, seconds. */
async function histogram(sink: Sink): Promise<Map<number, number>> {
  const text = (await sink.get('/metrics'))?.body ?? '';
  const buckets = new Map<number, number>();
  for (const [, bound, count] of text.matchAll(
    /^milvus_sink_end_to_end_seconds_bucket\{(?:.*,)?le="([^"]+)".*\} (\d+)/gm,
  )) {
    buckets.set(bound === '+Inf' ? Infinity : Number(bound), Number(count));
  }
  return buckets;
}

/** Upper bound of the bucket that holds a quantile of what came between two looks at the histogram. */
function quantile(before: Map<number, number>, after: Map<number, number>, q: number): string {
  const counts = [...after].map(([bound, n]) => [bound, n - (before.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  const found = counts.find(([, n]) => n > 0 && n >= total * q);
  if (!found) throw new Error('the metrics hold no latency');
  return found[0] < 1 ? `${+(found[0] * 1000).toFixed(1)} ms` : `${found[0]} s`;
}

function statusOf(pid: number): (key: string) => number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return key => Math.round(Number(text.match(new RegExp(`${key}:\\s*(\\d+)`))?.[1] ?? 0) / 1024);
}

/** Runs one step and prints its line with how long it took. */
async function step<T>(name: string, work: () => Promise<[label: string, value: T]>): Promise<T> {
  const started = performance.now();
  const [label, value] = await work();
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`  \x1b[32m✓\x1b[0m ${name.padEnd(18)} ${label} ${dim(took)}`);
  return value;
}

function title(text: string): void {
  console.log(`\n\x1b[1m${text}\x1b[0m`);
}

function fact(name: string, text: string): void {
  console.log(`  ${name.padEnd(20)} ${text}`);
}

function showRow(row: Row, brief = false): void {
  const vector = (row.title_vector as number[]).map(x => +x.toFixed(6));
  const title = String(row.title);
  if (brief) {
    const start = vector.slice(0, 4).join(', ');
    console.log(dim(`    ${String(row.id).padEnd(6)} ${title.slice(0, 40)}…  [${start}, …]`));
    return;
  }
  for (const [name, value] of Object.entries({ ...row, title_vector: `[${vector.join(', ')}]` })) {
    console.log(`    ${name.padEnd(14)} ${value}`);
  }
}

function dim(text: string): string {
  return `\x1b[2m${text}\x1b[0m`;
}

/** Ends what was started, the last first; what fails to end is ended by its guard. */
async function cleanUp(): Promise<void> {
  if (interrupted) console.log('\n  cleaning up');
  for (const work of undo.splice(0).reverse()) {
    try {
      await work();
    } catch (error) {
      console.error(`  while cleaning up: ${error instanceof Error ? error.message : error}`);
    }
  }
}
