import { expect, test } from 'bun:test';
import { readStatistics } from '../../../src/kafka/statistics.ts';

const partition = {
  partition: 3,
  leader: 1,
  fetchq_cnt: 7,
  fetch_state: 'active',
  next_offset: 12,
  ls_offset: 20,
  hi_offset: 25,
};

test('the partitions and their states; the one that stands for no partition is left out', () => {
  const topics = { t: { topic: 't', partitions: { 3: partition, '-1': { ...partition, partition: -1 } } } };
  expect(readStatistics(JSON.stringify({ topics }))).toEqual({
    partitions: [
      { topic: 't', partition: 3, fetchState: 'active', nextOffset: 12, endOffset: 20, queued: 7, leader: 1 },
    ],
  });
});

test.each([
  ['FENCED_INSTANCE_ID', 82],
  ['_FATAL', -150],
  ['OF_ANOTHER_KIND', -150],
  ['constructor', -150],
])('the fatal error %s has code %d', (error, code) => {
  const statistics = readStatistics(JSON.stringify({ fatal: { error, reason: 'why', cnt: 1 } }));
  expect(statistics).toEqual({ partitions: [], fatal: { code, message: 'why' } });
});
