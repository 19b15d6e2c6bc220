// Promises 1 and 4 at the Kafka side: what the client's callbacks leave out, and what they say too late.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { EventEmitter } from 'node:events';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import type { RdCallbacks, RdConsumer, RecordPoller } from '../../../src/kafka/rdkafka.ts';
import type { MockKafka } from '../../support/mock-kafka.ts';
import { eventually, message, pipelineStage, startSink, withTasks } from '../../support/pipeline.ts';

// The mock's group coordinator takes three seconds for a first member: the tests of a file wait for it together.
setDefaultTimeout(60_000);
const shared = pipelineStage('kafka');
const { fresh } = shared;
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ value: message(from + i) }));
const emit = (client: RdConsumer, event: string, value: object) =>
  (client as unknown as EventEmitter).emit(event, value);

const FENCED =
  'Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id: JoinGroup failed';

describe('a client that is dead', () => {
  test.concurrent('ends the sink with code 4 and the reason; nothing is written and nothing committed after it', async () => {
    const { name, milvus } = await fresh();
    let client: RdConsumer | undefined;
    const commits: unknown[] = [];
    await shared.kafka.produce(name, numbered(0, 1));
    const sink = startSink(
      shared.kafka,
      milvus,
      name,
      name,
      { batch: { maxRows: 10, maxInFlight: 1 } },
      made => {
        client = made;
        const commit = made.commitCb.bind(made);
        made.commitCb = (offsets, cb) => {
          commits.push(offsets);
          commit(offsets, cb);
        };
      },
    );
    await eventually(() => commits.length === 1, 'the first is committed');
    milvus.faults.push({ delayMs: 1500, times: 1 });
    await shared.kafka.produce(name, numbered(1, 100));
    await milvus.until(m => m.faults.length === 0);
    const before = { requests: milvus.writes.length, commits: commits.length };
    emit(client!, 'event.log', { severity: 0, fac: 'FATAL', message: `[thrd:main]: ${FENCED}` });
    const { exitCode, error } = await sink.ended;
    expect(exitCode).toBe(EXIT.kafkaRefused);
    expect(error?.code).toBe('KAFKA_FENCED');
    expect(error?.message).toContain('fenced by another member with the same group.instance.id');
    expect({ requests: milvus.writes.length, commits: commits.length }).toEqual(before);
    expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([1]);
  });
});

describe('errors that nobody waits for', () => {
  test.concurrent("librdkafka's warnings are lines of the log, and the same one not twice", async () => {
    const { name, milvus } = await fresh();
    const sink = startSink(shared.kafka, milvus, name, name, {}, client => {
      for (let i = 0; i < 5; i++)
        setTimeout(() =>
          emit(client, 'event.log', {
            severity: 4,
            fac: 'REQTMOUT',
            message: `[thrd:x]: Timed out ${i} in-flight requests`,
          }),
        );
    });
    await sink.said('WARN  librdkafka REQTMOUT: Timed out 0 in-flight requests');
    sink.stop();
    await sink.ended;
    expect(sink.lines.filter(l => l.includes('REQTMOUT'))).toHaveLength(1);
  });
});

describe('the end', () => {
  test.concurrent('Kafka that is away for many tries costs one client', async () => {
    const { name, milvus } = await fresh();
    let clients = 0;
    let tries = 0;
    const nowhere = { bootstrap: '127.0.0.1:9' } as MockKafka;
    const overrides = { tasksMax: 2, consumer: { log_level: 6 } };
    const sink = startSink(nowhere, milvus, name, name, overrides, client => {
      clients++;
      const proto = Object.getPrototypeOf(client) as RdConsumer;
      Object.setPrototypeOf(client, {
        __proto__: proto,
        getMetadata: (...args: Parameters<RdConsumer['getMetadata']>) => {
          tries++;
          proto.getMetadata.apply(client, args);
        },
      });
    });
    await eventually(() => tries >= 6, 'three tries of each task', 30_000);
    expect(clients).toBe(2);
    expect(sink.health.get('kafka').detail).toContain('Connection refused');
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });
});

describe('a rebalance', () => {
  test.concurrent('in the middle of a poll: its records are not taken for those of the partition that comes back', async () => {
    const { name, milvus } = await fresh();
    const partition = { topic: name, partition: 0 };
    let callbacks: RdCallbacks | undefined;
    let holdFrom = Number.POSITIVE_INFINITY;
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    // Nothing is written: what is read waits, and is given up when the partition goes.
    const refused = { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true };
    milvus.faults.push({ status: refused, times: 1_000_000 });
    await shared.kafka.produce(name, numbered(0, 5));
    const sink = startSink(shared.kafka, milvus, name, name, {}, (client, made) => {
      callbacks = made;
      tapPolls(client, poll => async (_max, waitMs, plan) => {
        const polled = await poll(500, waitMs, plan);
        const { batch } = polled;
        if (batch && batch.record(batch.length - 1).offset >= holdFrom) {
          holdFrom = Number.POSITIVE_INFINITY;
          held.resolve();
          await release.promise;
        }
        return polled;
      });
    });
    await eventually(async () => (await sink.metric('milvus_sink_buffered_rows')) === 5, 'five wait');
    holdFrom = 5;
    await shared.kafka.produce(name, [...numbered(5, 8), { value: 'a bad record' }]);
    await held.promise;
    // The poll has its records and is not back yet, while the partition goes and comes again.
    const gone = sink.said('partitions revoked');
    callbacks!.rebalance_cb({ code: -174, message: 'revoke' }, [partition]);
    await gone;
    await eventually(async () => (await sink.metric('milvus_sink_buffered_rows')) === 0, 'given up');
    callbacks!.rebalance_cb({ code: -175, message: 'assign' }, [partition]);
    milvus.faults.length = 0;
    release.resolve();
    const { exitCode } = await sink.ended;
    expect(exitCode).toBe(EXIT.badRecord);
    const [committed] = await shared.kafka.committed(sink.settings.groupId, name, [0]);
    expect([...milvus.rows(name).keys()].map(Number).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(committed).toBe(8);
  });
});

withTasks(startSink => {
  describe('a commit', () => {
    test.concurrent('that is queued and not answered is none: committed_offset stays, and the stop ends with code 4 and the offsets', async () => {
      const { name, milvus } = await fresh();
      const sink = startSink(shared.kafka, milvus, name, name, { offsetFlushTimeoutMs: 500 }, client => {
        client.commitCb = (_, queued) => queued(null);
      });
      await shared.kafka.produce(name, numbered(0, 50));
      await milvus.until(m => m.rows(name).size === 50);
      sink.stop();
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.kafkaRefused);
      expect(error?.code).toBe('KAFKA_NOT_COMMITTED');
      expect(error?.message).toContain(`not committed: ${name}-0 up to 50`);
      expect(
        await sink.metric(`milvus_sink_committed_offset{topic="${name}",partition="0"}`),
      ).toBeUndefined();
    });

    test.concurrent('that fails is told and tried again, and none goes out beside another', async () => {
      const { name, milvus } = await fresh();
      let failures = 3;
      let outstanding = 0;
      let most = 0;
      const sink = startSink(shared.kafka, milvus, name, name, {}, (client, callbacks) => {
        const commit = client.commitCb.bind(client);
        const answered = callbacks.offset_commit_cb;
        client.commitCb = (offsets, queued) => {
          most = Math.max(most, ++outstanding);
          if (failures-- <= 0) {
            // The real answer frees the way: its order with the next commit is what is looked at.
            commit(offsets, queued);
            outstanding--;
            return;
          }
          queued(null);
          setTimeout(() => {
            outstanding--;
            answered({ code: 28, message: 'Broker: Invalid commit data size' }, offsets);
          }, 300);
        };
      });
      await shared.kafka.produce(name, numbered(0, 50));
      await sink.said('offsets not committed, will be tried again: Broker: Invalid commit data size');
      expect(sink.health.get('kafka').ok).toBe(false);
      await eventually(
        async () => (await shared.kafka.committed(sink.settings.groupId, name, [0]))[0] === 50,
        'committed in the end',
      );
      expect(most).toBe(1);
      expect(sink.lines.filter(l => l.includes('offsets not committed'))).toHaveLength(1);
      sink.stop();
      expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
    });
  });

  describe('the clients', () => {
    test.concurrent('one that is dead is known by its statistics, too', async () => {
      const { name, milvus } = await fresh();
      let client: RdConsumer | undefined;
      const sink = startSink(shared.kafka, milvus, name, name, {}, made => {
        client = made;
      });
      await sink.said('Milvus connected');
      const fatal = { error: 'FENCED_INSTANCE_ID', reason: 'Heartbeat failed', cnt: 1 };
      emit(client!, 'event.stats', { message: JSON.stringify({ topics: {}, fatal }) });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.kafkaRefused);
      expect(error?.code).toBe('KAFKA_FENCED');
    });

    test.concurrent('an error that comes with every poll is a wait with a name, and the sink is not ready', async () => {
      const { name, milvus } = await fresh();
      let bad = false;
      await shared.kafka.produce(name, numbered(0, 1));
      // Nothing is read: nobody would serve the answer to its commit.
      const latest = { consumer: { 'auto.offset.reset': 'latest' } };
      const sink = startSink(shared.kafka, milvus, name, name, latest, client => {
        tapPolls(client, poll => async (max, waitMs, plan) => {
          const polled = await poll(max, waitMs, plan);
          if (bad) polled.errors.push({ code: -198, message: 'Local: Invalid compressed data' });
          return polled;
        });
      });
      await sink.said('partitions assigned');
      expect(sink.health.get('kafka').ok).toBe(true);
      bad = true;
      await sink.said(
        'waiting for records: records that cannot be decompressed: Local: Invalid compressed data',
      );
      expect(sink.health.ready).toBe(false);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(sink.lines.filter(l => l.includes('waiting for records'))).toHaveLength(1);
    });

    test.concurrent('one that does not carry out a rebalance ends the sink with the reason', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, numbered(0, 5));
      const sink = startSink(shared.kafka, milvus, name, name, {}, client => {
        client.incrementalAssign = () => {
          throw new Error('erroneous state');
        };
      });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.kafkaRefused);
      expect(error?.code).toBe('KAFKA_REBALANCE');
      expect(error?.message).toContain('erroneous state');
    });

    test.concurrent('nothing asks a client that is closing', async () => {
      const { name, milvus } = await fresh();
      let closed = 0;
      const late: string[] = [];
      const sink = startSink(shared.kafka, milvus, name, name, {}, client => {
        let closing = false;
        for (const method of [
          'getWatermarkOffsets',
          'position',
          'assignments',
          'commitCb',
          'pause',
        ] as const) {
          const call = (client[method] as (...args: unknown[]) => unknown).bind(client);
          Object.assign(client, {
            [method]: (...args: unknown[]) => {
              if (closing) late.push(method);
              return call(...args);
            },
          });
        }
        const disconnect = client.disconnect.bind(client);
        client.disconnect = cb => {
          closing = true;
          closed++;
          // Longer than several ticks.
          setTimeout(() => disconnect(cb), 700);
        };
      });
      await shared.kafka.produce(name, numbered(0, 5));
      await milvus.until(m => m.rows(name).size === 5);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(closed).toBe(sink.settings.tasksMax);
      expect(late).toEqual([]);
    });
  });
});

/** Puts something around each poll of a client. */
function tapPolls(client: RdConsumer, around: (poll: RecordPoller['poll']) => RecordPoller['poll']): void {
  const { poller } = client;
  client.poller = () => {
    const own = poller();
    return { poll: around(own.poll.bind(own)), stop: () => own.stop() };
  };
}
