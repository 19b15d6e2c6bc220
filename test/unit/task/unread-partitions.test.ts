import { describe, expect, test } from 'bun:test';
import { STUCK_AFTER_MS } from '../../../src/kafka/stalled.ts';
import { UnreadPartitions } from '../../../src/task/unread-partitions.ts';

interface Cluster {
  /** Where the client is, by partition. */
  positions?: Record<number, number>;
  /** The group's offsets; a partition that is not here has an error in the answer. */
  committed?: Record<number, number | undefined>;
  marks?: { low: number; high: number };
  mayReset?: boolean;
  gone?: number[];
}

const offsets = (of: Record<number, number | undefined>) =>
  Object.entries(of).map(([partition, offset]) => ({
    topic: 't',
    partition: Number(partition),
    ...(offset !== undefined && { offset }),
  }));

function unread({ positions = {}, committed = {}, marks, mayReset = true, gone = [] }: Cluster) {
  return new UnreadPartitions({
    consumer: () => ({
      positions: () => offsets(positions) as { topic: string; partition: number; offset: number }[],
      committed: async () => offsets(committed),
      watermarks: async () => {
        if (!marks) throw { code: -195, message: 'no leader' };
        return marks;
      },
    }),
    isAssigned: ({ partition }) => !gone.includes(partition),
    mayReset,
    timeoutMs: 1000,
    stopped: () => false,
  });
}
const lasting = (...partitions: number[]) =>
  partitions.map(partition => ({ kind: 'unread' as const, topic: 't', partition, forMs: STUCK_AFTER_MS }));
const recent = (partition: number) => [{ ...lasting(partition)[0]!, forMs: STUCK_AFTER_MS - 1 }];
const marks = { low: 50, high: 60 };

describe('without a valid offset', () => {
  test('while none may be chosen it says so at once', async () => {
    const answer = await unread({ committed: { 0: 5 }, marks, mayReset: false }).ask(recent(0));
    expect(answer).toEqual({
      kind: 'noOffset',
      partition: 't-0: offset 5 is gone, the partition begins at 50',
    });
  });
  test('a group without an offset has none', async () => {
    for (const committed of [{ 0: -1001 }, { 0: undefined }]) {
      const answer = await unread({ committed, marks, mayReset: false }).ask(recent(0));
      expect(answer).toEqual({ kind: 'noOffset', partition: 't-0: the group has no offset' });
    }
  });
  test('where one is chosen it is a silence only when it lasts', async () => {
    const cluster = unread({ committed: { 0: 5 }, marks });
    expect(await cluster.ask(recent(0))).toEqual({ kind: 'silent', partitions: [] });
    expect(await cluster.ask(lasting(0))).toEqual({
      kind: 'silent',
      partitions: ['t-0: offset 5 is gone, the partition begins at 50'],
    });
  });
});

test('our position is newer than the group’s offset', async () => {
  const answer = await unread({ positions: { 0: 55 }, committed: { 0: 5 }, marks, mayReset: false }).ask(
    lasting(0),
  );
  expect(answer).toEqual({ kind: 'silent', partitions: ['t-0: librdkafka does not read it'] });
});

test('nothing is concluded from an answer that has an error, or of a partition that has left', async () => {
  const cluster = unread({ committed: { 1: 5, 2: 55 }, marks, mayReset: false, gone: [1] });
  expect(await cluster.ask(lasting(0, 1, 2))).toEqual({
    kind: 'silent',
    partitions: ['t-2: librdkafka does not read it'],
  });
});

test('a leader that does not answer is no lost offset', async () => {
  expect(await unread({ committed: { 0: 5 }, mayReset: false }).ask(recent(0))).toEqual({
    kind: 'silent',
    partitions: [],
  });
});

test('one question at a time', async () => {
  const cluster = unread({ committed: { 0: 55 }, marks });
  const [first, second] = await Promise.all([cluster.ask(lasting(0)), cluster.ask(lasting(0))]);
  expect([first?.kind, second]).toEqual(['silent', undefined]);
  expect(await cluster.ask(lasting(0))).toBeDefined();
});
