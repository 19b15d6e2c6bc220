import { describe, expect, test } from 'bun:test';
import {
  lostOffset,
  type PartitionState,
  STUCK_AFTER_MS,
  StallWatch,
  UNREAD_AFTER_MS,
} from '../../../src/kafka/stalled.ts';

const healthy: PartitionState = {
  topic: 't',
  partition: 0,
  fetchState: 'active',
  nextOffset: 10,
  endOffset: 10,
  queued: 0,
  leader: 1,
};
/** What is found after each of these states, at these times. */
const watch = (...reports: Array<[at: number, state: Partial<PartitionState>]>) => {
  const stalls = new StallWatch();
  return reports.map(([at, state]) => stalls.look([{ ...healthy, ...state }], at));
};

describe('no false alarm', () => {
  test.each<[string, Partial<PartitionState>]>([
    ['an idle partition', {}],
    ['an empty one', { nextOffset: 0, endOffset: 0 }],
    ['one with fetched records that wait for us', { endOffset: 50, queued: 5 }],
    ['one whose position is beyond its end, after markers', { nextOffset: 12, endOffset: 12 }],
  ])('%s, for hours', (_, state) => {
    expect(watch([0, state], [STUCK_AFTER_MS, state], [STUCK_AFTER_MS * 60, state]).flat()).toEqual([]);
  });
  test('one that goes on, however slowly', () => {
    const step = STUCK_AFTER_MS - 1;
    expect(
      watch(
        [0, { nextOffset: 1, endOffset: 99 }],
        [step, { nextOffset: 2, endOffset: 99 }],
        [step * 2, { nextOffset: 3, endOffset: 99 }],
      ).flat(),
    ).toEqual([]);
  });
  test('one that was assigned a moment ago', () => {
    const none = { fetchState: 'none' };
    expect(watch([0, none], [UNREAD_AFTER_MS - 1, none], [5000, {}]).flat()).toEqual([]);
  });
  test('one that was paused, or away, in between begins anew', () => {
    const stalls = new StallWatch();
    const none = { ...healthy, fetchState: 'none' };
    stalls.look([none], 0);
    stalls.look([], 10_000);
    expect(stalls.look([none], 20_000)).toEqual([]);
  });
});

describe('found', () => {
  test('a partition that is not fetched, soon', () => {
    const none = { fetchState: 'none' };
    expect(watch([0, {}], [100, none], [100 + UNREAD_AFTER_MS, none])[2]).toEqual([
      { kind: 'unread', topic: 't', partition: 0, forMs: UNREAD_AFTER_MS },
    ]);
  });
  test.each<[string, Partial<PartitionState>, string]>([
    ['that brings nothing before its end', { endOffset: 99 }, 'its end is 99, and nothing comes from 10 on'],
    ['without a leader', { leader: -1 }, 'it has no leader'],
    ['that waits for an offset', { fetchState: 'offset-wait' }, 'librdkafka is still at "offset-wait"'],
    ['whose fetches are refused', { endOffset: -1001 }, 'its leader does not let it be fetched'],
  ])('a partition %s, after a minute', (_, state, reason) => {
    const [first, early, late] = watch([0, state], [STUCK_AFTER_MS - 1, state], [STUCK_AFTER_MS, state]);
    expect([first, early]).toEqual([[], []]);
    expect(late).toEqual([{ kind: 'stuck', topic: 't', partition: 0, reason }]);
  });
});

test.each([
  [{ start: undefined, low: 0, high: 9 }, 'the group has no offset'],
  [{ start: undefined, low: undefined, high: undefined }, 'the group has no offset'],
  [{ start: 5, low: 50, high: 60 }, 'offset 5 is gone, the partition begins at 50'],
  [{ start: 61, low: 50, high: 60 }, "offset 61 is beyond the partition's end 60"],
  [{ start: 50, low: 50, high: 60 }, undefined],
  [{ start: 60, low: 50, high: 60 }, undefined],
  [{ start: 5, low: undefined, high: undefined }, undefined],
])('lostOffset(%j) is %p', (partition, expected) => {
  expect(lostOffset(partition)).toBe(expected as string);
});
