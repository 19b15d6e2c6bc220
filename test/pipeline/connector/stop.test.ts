// Promise 5, where Milvus is slow: nothing is given to the next owner while an old request may still be written.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import {
  committedRecords,
  eventually,
  message,
  PARTITIONS,
  pipelineStage,
  type RunningSink,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('stop');
const { fresh } = shared;

/** One for each partition: what makes the topic. */
const FIRST = spread(PARTITIONS.map(id => ({ value: message(id) })));
/** Each task has partitions, and FIRST is committed: while a group rebalances, the mock refuses commits. */
async function atRest(name: string, sink: RunningSink): Promise<void> {
  const rests = async () =>
    sink.tasks().every(task => task.partitions.length > 0) &&
    (await committedRecords(shared.kafka, sink, name)) === FIRST.length;
  await eventually(rests, 'the group is at rest', 30_000);
}

withTasks(startSink => {
  test.concurrent('a stop waits for a request in flight longer than offset.flush.timeout.ms, and commits what it wrote', async () => {
    const { name, milvus } = await fresh();
    await shared.kafka.produce(name, FIRST);
    const sink = startSink(shared.kafka, milvus, name, name, { offsetFlushTimeoutMs: 300 });
    await atRest(name, sink);
    const before = milvus.writes.length;
    milvus.faults.push({ delayMs: 2000 });
    await shared.kafka.produce(name, spread([11, 12, 13, 14].map(id => ({ value: message(id) }))));
    await milvus.until(m => m.faults.length === 0);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    expect(milvus.writes[before]?.answer).toBe('message');
    expect(milvus.rows(name).size).toBeGreaterThan(FIRST.length);
    expect(await committedRecords(shared.kafka, sink, name)).toBe(milvus.rows(name).size);
    expect(sink.lines.join('')).not.toContain('did not finish');
  });

  test.concurrent('no task leaves the group before all have committed: the mock refuses commits while it rebalances', async () => {
    const { name, milvus } = await fresh();
    await shared.kafka.produce(name, FIRST);
    let stopping = false;
    const sink = startSink(shared.kafka, milvus, name, name, { offsetFlushTimeoutMs: 1500 }, client => {
      const commit = client.commitCb.bind(client);
      client.commitCb = (offsets, queued) =>
        stopping ? setTimeout(() => commit(offsets, queued), 500) : commit(offsets, queued);
    });
    await atRest(name, sink);
    milvus.faults.push({ delayMs: 500 });
    await shared.kafka.produce(name, [{ value: message(100) }]);
    await milvus.until(m => m.faults.length === 0);
    stopping = true;
    sink.stop();
    expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
    expect(await committedRecords(shared.kafka, sink, name)).toBe(FIRST.length + 1);
  });

  test.concurrent('a defect at the very end is what the connector ends with: its run never rejects', async () => {
    const { name, milvus } = await fresh();
    await shared.kafka.produce(name, spread(PARTITIONS.map(id => ({ value: message(id) }))));
    const sink = startSink(shared.kafka, milvus, name, name, {}, client => {
      client.pause = () => {
        throw new Error('no such call');
      };
    });
    await milvus.until(m => m.rows(name).size === PARTITIONS.length);
    sink.stop();
    const { exitCode, error } = await sink.ended;
    expect([exitCode, error?.code]).toEqual([EXIT.internal, 'INTERNAL']);
    expect(sink.health.get('pipeline').detail).toContain('failed: INTERNAL');
  });

  describe('partitions that a rebalance takes during the last commit', () => {
    /** Stops a sink of which a record is written and not committed. @param leaving what becomes of the commit after */
    const stopInRebalance = async (leaving: (commit: () => void) => void) => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, FIRST);
      let stopping = false;
      let revoked = false;
      const settings = { offsetFlushTimeoutMs: 1500 };
      const sink = startSink(shared.kafka, milvus, name, name, settings, (client, callbacks) => {
        const commit = client.commitCb.bind(client);
        client.commitCb = (offsets, queued) => {
          if (!stopping) commit(offsets, queued);
          else if (revoked) leaving(() => commit(offsets, queued));
          else {
            revoked = true;
            queued(null);
            callbacks.rebalance_cb({ code: -174, message: 'revoke' }, offsets);
            const moving = { code: 27, message: 'Broker: Group rebalance in progress' };
            setTimeout(() => callbacks.offset_commit_cb(moving, offsets), 100);
          }
        };
      });
      await atRest(name, sink);
      milvus.faults.push({ delayMs: 500 });
      await shared.kafka.produce(name, [{ value: message(100) }]);
      await milvus.until(m => m.faults.length === 0);
      stopping = true;
      sink.stop();
      const ended = await sink.ended;
      return { ended, name, committed: await committedRecords(shared.kafka, sink, name) };
    };

    test.concurrent('are committed as well', async () => {
      const { ended, committed } = await stopInRebalance(commit => setTimeout(commit, 300));
      expect(ended).toEqual({ exitCode: EXIT.stopped });
      expect(committed).toBe(PARTITIONS.length + 1);
    });

    test.concurrent('are named when Kafka does not store their offsets', async () => {
      const { ended, name } = await stopInRebalance(() => {});
      expect(ended.error?.code).toBe('KAFKA_NOT_COMMITTED');
      expect(ended.error?.message).toContain(`not committed: ${name}-`);
    });
  });

  test.concurrent('a stop does not outlast the deadline of a request that is never answered, and says so', async () => {
    const { name, milvus } = await fresh();
    milvus.faults.push({ hang: true });
    await shared.kafka.produce(name, spread([1, 2, 3, 4].map(id => ({ value: message(id) }))));
    const sink = startSink(shared.kafka, milvus, name, name, { milvus: { requestTimeoutMs: 1000 } });
    await milvus.until(m => m.faults.length === 0);
    sink.stop();
    const { exitCode, error } = await sink.ended;
    expect(exitCode).toBe(EXIT.milvusRefused);
    expect(error?.message).toContain('MILVUS_UNANSWERED');
    expect(milvus.writes).toHaveLength(1);
    expect(await committedRecords(shared.kafka, sink, name)).toBe(0);
  });

  test.concurrent('max.poll.interval.ms bounds a request: its answer is known before the group goes on without us', async () => {
    const { name, milvus } = await fresh();
    milvus.faults.push({ hang: true });
    await shared.kafka.produce(name, [{ value: message(1) }]);
    const sink = startSink(shared.kafka, milvus, name, name, {
      milvus: { requestTimeoutMs: 600_000 },
      consumer: { 'max.poll.interval.ms': 7000, 'session.timeout.ms': 6000 },
    });
    await milvus.until(m => m.rows(name).size === 1, 20_000);
    expect(milvus.writes[1]!.at - milvus.writes[0]!.at).toBeGreaterThan(3000);
    await eventually(() => sink.health.ready, 'ready again');
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });
});
