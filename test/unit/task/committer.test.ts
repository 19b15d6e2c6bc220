import { describe, expect, test } from 'bun:test';
import type { CommitResult } from '../../../src/kafka/commit.ts';
import { PartitionOffsets, type TopicPartitionOffset } from '../../../src/kafka/offsets.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { type Committable, Committer, dirty, offsetsText } from '../../../src/task/committer.ts';

function written(partition: number, offset: number): Committable {
  const offsets = new PartitionOffsets();
  offsets.done(offsets.read(offset - 1));
  return { topic: 't', partition, offsets };
}

function committer(send: (offsets: TopicPartitionOffset[]) => Promise<CommitResult[]>) {
  const lines: string[] = [];
  const failures: number[] = [];
  const clock = { now: 0 };
  const made = new Committer({
    send,
    stored: (partition, offset) => partition.offsets.commit(offset),
    failed: error => failures.push(error.code),
    log: createLogger({
      level: 'info',
      format: 'text',
      now: () => new Date(0),
      mask: t => t,
      write: line => lines.push(line.slice(25).trim()),
    }),
    now: () => clock.now,
  });
  return { committer: made, lines, failures, clock };
}

describe('Committer', () => {
  test('one at a time, in order', async () => {
    const answers: Array<() => void> = [];
    const sent: number[] = [];
    const { committer: c } = committer(offsets => {
      sent.push(offsets[0]!.offset);
      return new Promise(resolve => answers.push(() => resolve(offsets)));
    });
    const [a, b] = [written(0, 5), written(1, 7)];
    const first = c.commit(() => [a]);
    const second = c.commit(() => [b]);
    await Bun.sleep(0);
    expect(sent).toEqual([5]);
    expect(c.busy).toBe(true);
    answers[0]!();
    await first;
    await Bun.sleep(0);
    expect(sent).toEqual([5, 7]);
    answers[1]!();
    await second;
    expect(c.busy).toBe(false);
    expect([a.offsets.committed, b.offsets.committed]).toEqual([5, 7]);
  });

  test('a partition that failed stays dirty beside one that did not, and is reported', async () => {
    const error = { code: 28, message: 'Broker: no' };
    const { committer: c, lines, failures } = committer(async ([a, b]) => [a!, { ...b!, error }]);
    const [a, b] = [written(0, 5), written(1, 7)];
    await c.commit(() => [a, b]);
    expect([a.offsets.dirty, b.offsets.dirty]).toEqual([false, true]);
    expect(lines).toEqual([
      'WARN  offsets not committed, will be tried again: Broker: no partitions="t-1 up to 7"',
    ]);
    expect(failures).toEqual([28]);
  });

  test('the same failure is not a line each time', async () => {
    const {
      committer: c,
      lines,
      clock,
    } = committer(offsets => Promise.reject({ code: -195, message: 'away', offsets }));
    const a = written(0, 5);
    for (clock.now = 0; clock.now < 60_000; clock.now += 1000) await c.commit(() => [a]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toEndWith('failed_before=29');
  });

  test('a group that moves is no news: the next owner or the next commit has it', async () => {
    const {
      committer: c,
      lines,
      failures,
    } = committer(() => Promise.reject({ code: 27, message: 'moving' }));
    const a = written(0, 5);
    await c.commit(() => [a]);
    expect(a.offsets.dirty).toBe(true);
    expect({ lines, failures }).toEqual({ lines: [], failures: [] });
  });

  test('what is too late is not begun: its partitions may be of another by then', async () => {
    const sent: unknown[] = [];
    const { committer: c, clock } = committer(async offsets => {
      sent.push(offsets);
      return offsets;
    });
    clock.now = 1000;
    await c.commit(() => [written(0, 5)], 1000);
    expect(sent).toEqual([]);
    await c.commit(() => [written(0, 5)], 1001);
    expect(sent).toHaveLength(1);
  });

  test('a defect is thrown, and later commits are made all the same', async () => {
    let broken = true;
    const { committer: c } = committer(async offsets => {
      if (broken) throw new Error('a defect');
      return offsets;
    });
    const a = written(0, 5);
    await expect(c.commit(() => [a])).rejects.toThrow('a defect');
    broken = false;
    await c.commit(() => [a]);
    expect(a.offsets.dirty).toBe(false);
  });
});

test('dirty: those with something to commit', () => {
  const committed = written(0, 5);
  committed.offsets.commit(5);
  expect(dirty([committed, written(1, 7)]).map(p => [p.partition, p.offset])).toEqual([[1, 7]]);
});

test('offsetsText names ten, and counts the rest', () => {
  const offsets = Array.from({ length: 12 }, (_, partition) => ({ topic: 't', partition, offset: 1 }));
  expect(offsetsText(offsets.slice(0, 2))).toBe('t-0 up to 1, t-1 up to 1');
  expect(offsetsText(offsets)).toEndWith('t-9 up to 1 and 2 more');
});
