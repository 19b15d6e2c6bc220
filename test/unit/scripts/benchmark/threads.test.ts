import { expect, test } from 'bun:test';
import {
  groupThreads,
  parseStat,
  type Thread,
  type ThreadUse,
  workSince,
} from '../../../../scripts/benchmark/threads.ts';

const PID = 100;

const thread = (id: number, name: string, userSeconds: number, systemSeconds = 0): Thread => ({
  id,
  name,
  userSeconds,
  systemSeconds,
  minorFaults: 10,
  startedTicks: 1,
});

const use = (...threads: Thread[]): ThreadUse => ({
  pid: PID,
  process: {
    userSeconds: threads.reduce((sum, one) => sum + one.userSeconds, 0),
    systemSeconds: threads.reduce((sum, one) => sum + one.systemSeconds, 0),
    minorFaults: 10 * threads.length,
  },
  threads,
});

test('a stat file is read by the fields that Linux documents, whatever the name holds', () => {
  const text =
    '17 (a) R (b 2) S 1 17 17 0 -1 4194304 250 0 3 0 150 25 0 0 20 0 9 0 98765 1000000 2000 18446744073709551615';
  expect(parseStat(text)).toEqual({
    id: 17,
    name: 'a) R (b 2',
    minorFaults: 250,
    userSeconds: 1.5,
    systemSeconds: 0.25,
    startedTicks: 98765,
  });
});

test('work since a look is the difference, and everything where there was none', () => {
  const now = { userSeconds: 3, systemSeconds: 2, minorFaults: 9 };
  expect(workSince(now, { userSeconds: 1, systemSeconds: 0.5, minorFaults: 4 })).toEqual({
    userSeconds: 2,
    systemSeconds: 1.5,
    minorFaults: 5,
  });
  expect(workSince(now)).toEqual(now);
});

test('threads are grouped by the kind that their name tells, those with the most CPU first', () => {
  const groups = groupThreads([
    use(
      thread(PID, 'milvus-sink', 1),
      thread(101, 'milvus-sink', 0.2),
      thread(102, 'rdk:broker1', 0.5, 1),
      thread(103, 'rdk:broker-1', 0.25),
      thread(104, 'JITWorker', 0.3),
      thread(105, 'decoder 0', 2),
      thread(106, 'decoder 1', 2),
    ),
  ]);
  expect(groups.map(({ name, threads }) => [name, threads])).toEqual([
    ['decoder', 2],
    ['librdkafka (rdk:broker)', 2],
    ['main thread (milvus-sink)', 1],
    ['Bun, JIT compiler (JITWorker)', 1],
    ['without a name (milvus-sink)', 1],
  ]);
  expect(groups[1]).toMatchObject({ userSeconds: 0.75, systemSeconds: 1, minorFaults: 20 });
});

test('threads that all have one name are one group', () => {
  expect(groupThreads([use(thread(PID, 'rival-go', 1), thread(101, 'rival-go', 2))])).toEqual([
    { name: 'all threads (rival-go)', threads: 2, userSeconds: 3, systemSeconds: 0, minorFaults: 20 },
  ]);
});

test('kinds without CPU are one line', () => {
  const groups = groupThreads([use(thread(PID, 'main', 1), thread(101, 'a', 0), thread(102, 'b', 0))]);
  expect(groups.map(({ name, threads }) => [name, threads])).toEqual([
    ['main thread (main)', 1],
    ['others, hardly any', 2],
  ]);
});

test('what the process used and no thread was seen to use stands last', () => {
  const seen = use(thread(PID, 'main', 1), thread(101, 'other', 0.5));
  const process = { userSeconds: 4, systemSeconds: 0.5, minorFaults: 5 };
  expect(groupThreads([{ ...seen, process }]).at(-1)).toEqual({
    name: 'unseen (short-lived, rounding)',
    threads: 0,
    userSeconds: 2.5,
    systemSeconds: 0.5,
    minorFaults: 0,
  });
});

test('several measurements add up; of threads, the most at a time counts', () => {
  const [group] = groupThreads([
    use(thread(PID, 'go', 1)),
    use(thread(PID, 'go', 1), thread(101, 'go', 1), thread(102, 'go', 1)),
  ]);
  expect(group).toMatchObject({ threads: 3, userSeconds: 4 });
});
