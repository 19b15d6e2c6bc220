// Nothing is lost: not at SIGTERM, not when partitions move, not when the process is killed at any moment; with one task
// and with three.

import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Sink, type SinkOptions, startSink, until } from '../../scripts/stack/sink.ts';
import { MILVUS_2_3, MILVUS_LITE, missing, type Stage, stage, unique } from '../support/e2e.ts';

// Servers take seconds to start, and bun's default for a test or a hook is five.
setDefaultTimeout(120_000);

const SEQUENCE_FIELDS = [
  { name: 'id', type: 'INT64', is_primary: true },
  { name: 'seq', type: 'INT64' },
  { name: 'vector', type: 'FLOAT_VECTOR', dim: 4 },
];
const KILLS = 20;
const PARTITIONS = 4;
const TASKS = [1, 3];

/**
 * Settings under which Milvus is always behind: thousands of records are read and not yet written whenever something
 * happens. A sink that keeps up would lose nothing by committing too early, and the tests would see nothing.
 */
const BEHIND = {
  'batch.max.rows': '15',
  'max.in.flight': '1',
  'batch.max.bytes': '1048576',
  'buffer.max.bytes': '1048576',
};

describe.skipIf(missing !== undefined)('delivery, with a real Kafka and milvus-lite 3.2.2', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_LITE);
  });

  test.each(TASKS)(
    'SIGTERM in the middle, tasks.max=%d: exit code 0, and every committed record is in Milvus',
    async tasks => {
      const topic = unique('sigterm');
      await s.client.create(s.at, topic, { fields: SEQUENCE_FIELDS });
      await s.client.topic(s.bootstrap, topic, PARTITIONS);
      const records = 30_000;
      await sequence({ topic, records, keys: records, seed: 1 });
      const sink = await startBehind(s, topic, tasks);
      await until('some rows', 30, async () => (await written(sink)) >= 1000, sink);
      expect(await sink.stop()).toBe(0);
      const offsets = await s.client.committed(s.bootstrap, sink.group, topic, PARTITIONS);
      const committed = offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0);
      expect(committed).toBeGreaterThanOrEqual(1000);
      expect(committed).toBeLessThan(records); // else the test stopped nothing in the middle
      // Finished and committed: as many rows as committed records, since every record has a key of its own.
      expect(await s.client.count(s.at, topic, committed, 10)).toBe(committed);
    },
  );

  test.each(TASKS)(
    'two instances of one name share the partitions, tasks.max=%d: a rebalance in the middle loses nothing',
    async tasks => {
      const topic = unique('shared');
      await s.client.create(s.at, topic, { fields: SEQUENCE_FIELDS });
      await s.client.topic(s.bootstrap, topic, PARTITIONS);
      const producing = sequence({ topic, records: 30_000, keys: 6000, rate: 6000, seed: 2 });
      const name = unique('pair');
      const first = await startBehind(s, topic, tasks, { name });
      await until('rows by the first', 30, async () => (await written(first)) > 1000, first);
      const second = await startBehind(s, topic, tasks, { name });
      await until('rows by the second', 60, async () => (await written(second)) > 500, second);
      expect(first.ended).toBe(false);
      expect(await first.stop()).toBe(0);
      const last = (await producing) as number[];
      await allCommitted(s, topic, second);
      expect(await check(topic, last)).toEqual({ missing: 0, wrong: 0, examples: [] });
      expect(await second.stop()).toBe(0);
      expect(await s.client.committed(s.bootstrap, second.group, topic, PARTITIONS)).toEqual(
        await s.client.ends(s.bootstrap, topic, PARTITIONS),
      );
    },
  );

  const sequence = (parameters: Record<string, unknown>) =>
    s.client.ask('sequence', { bootstrap: s.bootstrap, ...parameters });
  const check = (collection: string, last: number[]) =>
    s.client.ask('check_sequence', { ...s.at, collection, last });
});

describe.skipIf(missing !== undefined)('kill -9, with a real Kafka and Milvus 2.3.5', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_2_3);
  });

  test.each(TASKS)(
    `tasks.max=%d, ${KILLS} kills while 100,000 records of 20,000 keys flow: every key is there with its last value`,
    async tasks => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
      console.error(`kill -9 test: SEED=${seed}`);
      const random = numbersFrom(seed);
      const topic = unique('killed');
      await s.client.create(s.at, topic, { fields: SEQUENCE_FIELDS });
      await s.client.topic(s.bootstrap, topic, PARTITIONS);
      const started = Date.now();
      const producing = s.client.ask('sequence', {
        ...{ bootstrap: s.bootstrap, topic, records: 100_000, keys: 20_000, rate: 10_000, seed },
      });
      const name = unique('killed');
      const start = () =>
        startBehind(s, topic, tasks, {
          name,
          worker: { 'offset.flush.interval.ms': '300' },
          // A static member takes its partitions back at once; a dynamic one would first have to be given up by the broker.
          connector: { 'consumer.override.group.instance.id': name },
        });
      let kills = 0;
      let moving = 0;
      while (kills < KILLS) {
        const sink = await start();
        // Half of them once rows flow, half at any moment of the start. Together they write about half of the topic, on a
        // machine of any speed: a sink that has written everything has no rows to be killed among.
        const draw = random();
        if (kills % 2 === 0) {
          const rows = Math.floor(draw * 4000);
          await until(`${rows} rows`, 60, async () => (await written(sink)) > rows, sink);
        } else await Bun.sleep(Math.floor(draw * 800));
        if (sink.ended) throw new Error(`the sink ended by itself:\n${sink.log}`);
        if ((await written(sink)) > 0) moving++;
        sink.kill('SIGKILL');
        await sink.exited;
        kills++;
      }
      const killedUntil = Date.now();
      const last = (await producing) as number[];
      const sink = await start();
      await allCommitted(s, topic, sink);
      expect(await s.client.ask('check_sequence', { ...s.at, collection: topic, last })).toEqual({
        missing: 0,
        wrong: 0,
        examples: [],
      });
      expect(moving).toBeGreaterThanOrEqual(KILLS / 2);
      expect(await sink.stop()).toBe(0);
      console.error(
        `kill -9 test, tasks.max=${tasks}: ${kills} kills in ${Math.round((killedUntil - started) / 1000)} s, ${moving} of them while rows flowed, ${Math.round((Date.now() - started) / 1000)} s in all`,
      );
    },
    240_000,
  );
});

const written = (sink: Sink) => sink.metric('milvus_sink_rows_written_total');

/** A sink of a topic and the collection of its name that Milvus is behind of. */
function startBehind(
  s: Stage,
  topic: string,
  tasks: number,
  { connector, ...more }: Pick<SinkOptions, 'name' | 'worker' | 'connector'> = {},
): Promise<Sink> {
  return startSink({
    ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, token: s.at.token, collection: topic, topics: topic },
    connector: { ...BEHIND, 'tasks.max': String(tasks), ...connector },
    ...more,
  });
}

async function allCommitted(s: Stage, topic: string, sink: Sink): Promise<void> {
  const ends = await s.client.ends(s.bootstrap, topic, PARTITIONS);
  await until(
    'everything committed',
    90,
    async () => {
      const committed = await s.client.committed(s.bootstrap, sink.group, topic, PARTITIONS);
      return committed.every((offset, i) => offset === ends[i]);
    },
    sink,
  );
}

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
