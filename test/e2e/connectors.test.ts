// Several connectors in one process: `milvus-sink worker.properties a.properties b.json …`.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { runSink, startSink, until, writeFiles } from '../../scripts/stack/sink.ts';
import { guideRecord, MILVUS_LITE, missing, type Stage, stage, unique } from '../support/e2e.ts';

setDefaultTimeout(120_000);

const ROWS = 60;
const records = Array.from({ length: ROWS }, (_, id) => ({ value: guideRecord(id), partition: id % 2 }));

describe.skipIf(missing !== undefined)('several connectors, with a real Kafka and milvus-lite 3.2.2', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_LITE);
  });

  /** Topics with records, and a collection of each name. */
  async function filled(...topics: string[]): Promise<void> {
    for (const topic of topics) {
      await s.client.create(s.at, topic);
      await s.client.topic(s.bootstrap, topic, 2);
      await s.client.produce(s.bootstrap, topic, records);
    }
  }
  const further = (form: 'json' | 'properties', topic: string, more: Record<string, string> = {}) => ({
    form,
    name: topic,
    connector: { topics: topic, 'collection.name': topic, ...more },
  });

  test('one of three fails: the others go on, health and metrics tell of it, and its exit code is the end', async () => {
    const [a, b, c] = [unique('first'), unique('second'), unique('third')];
    await filled(a, c);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: a, topics: a, name: a },
      further: [further('json', b), further('properties', c, { 'tasks.max': '2' })],
    });
    await sink.logged(new RegExp(`connector ${b} has FAILED: the others go on`));
    for (const topic of [a, c]) expect(await s.client.count(s.at, topic, ROWS, 60)).toBe(ROWS);
    await until(
      'what a and c wrote in the metrics',
      30,
      async () => (await sink.metric('milvus_sink_rows_written_total')) === 2 * ROWS,
      sink,
    );
    const state = (name: string) => new RegExp(`connector="${name}",state="FAILED"`);
    expect(await sink.metric('milvus_sink_connector_state', state(b))).toBe(1);
    expect(await sink.metric('milvus_sink_connector_state', state(a))).toBe(0);
    const health = await sink.get('/healthz');
    expect(health?.status).toBe(503);
    const { connectors } = JSON.parse(health!.body);
    expect(connectors.map((one: { name: string; state: string }) => [one.name, one.state])).toEqual([
      [a, 'RUNNING'],
      [b, 'FAILED'],
      [c, 'RUNNING'],
    ]);
    expect(connectors[1].reason).toContain('MILVUS_COLLECTION_MISSING');
    const ready = await sink.get('/readyz');
    expect([ready?.status, ready?.body]).toEqual([503, expect.stringContaining(`not ready: ${b}: pipeline`)]);
    expect((await sink.get('/livez'))?.status).toBe(200);
    expect(await sink.stop()).toBe(3);
    for (const topic of [a, c])
      expect(await s.client.committed(s.bootstrap, `connect-${topic}`, topic, 2)).toEqual(
        await s.client.ends(s.bootstrap, topic, 2),
      );
  });

  test('on.failure=stop: one that fails ends them all, what is in flight written and committed', async () => {
    const [a, b] = [unique('kept'), unique('failing')];
    await filled(a);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: a, topics: a, name: a },
      worker: { 'on.failure': 'stop' },
      further: [further('json', b)],
    });
    expect(await sink.ends()).toBe(3);
    expect(sink.log).toContain(`connector ${b} has FAILED: the others are stopped (on.failure=stop)`);
  });

  test('problems of all files come in one message, and a name twice is refused', async () => {
    const { files } = await writeFiles({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: 'x', topics: 'x', name: 'same' },
      connector: { 'tasks.max': 'two' },
      further: [{ form: 'json', name: 'other', connector: { 'errors.tolerance': 'some' } }],
    });
    const refused = await runSink([...files, files[1]!]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/tasks\.max: bad value/);
    expect(refused.err).toMatch(/errors\.tolerance: bad value/);
    expect(refused.err).toMatch(/same/);
  });

  test('a further idle connector takes at most 6 MB, and ten work', async () => {
    const [first, ...others] = Array.from({ length: 10 }, () => unique('many'));
    await filled(first!, ...others);
    const one = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: first!, topics: first!, name: first! },
    });
    await one.ready();
    expect(await s.client.count(s.at, first!, ROWS, 60)).toBe(ROWS);
    const alone = residentMb(one.pid);
    expect(await one.stop()).toBe(0);
    const ten = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: first!, topics: first!, name: first! },
      further: others.map(topic => further('json', topic)),
    });
    await ten.ready();
    for (const topic of others) expect(await s.client.count(s.at, topic, ROWS, 60)).toBe(ROWS);
    const together = residentMb(ten.pid);
    console.error(`one connector: ${alone.toFixed(0)} MB, ten: ${together.toFixed(0)} MB`);
    expect((together - alone) / 9).toBeLessThanOrEqual(6);
    expect(await ten.stop()).toBe(0);
  });
});

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}
