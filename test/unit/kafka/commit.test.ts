import { expect, test } from 'bun:test';
import { Commits, commitResults } from '../../../src/kafka/commit.ts';

const error = { code: 3, message: 'unknown topic' };
const at = (partition: number, offset: number) => ({ topic: 't', partition, offset });

test('a commit is answered by its own answer', async () => {
  const commits = new Commits();
  const answer = commits.send([at(0, 5), at(1, 7)], () => {});
  commits.answered(error, [at(0, 5)]);
  commits.answered(error, [at(0, 5), at(1, 6)]);
  commits.answered(undefined, [at(1, 7), at(0, 5)]);
  expect(await answer).toBeUndefined();
  // Late, to nobody.
  commits.answered(error, [at(0, 5), at(1, 7)]);
});

test('what the client does not take is thrown', async () => {
  const commits = new Commits();
  expect(commits.send([at(0, 5)], refused => refused(error))).rejects.toBe(error);
});

test('the end answers what is outstanding, and all that comes after', async () => {
  const commits = new Commits();
  const answer = commits.send([at(0, 5)], () => {});
  commits.end();
  expect((await answer)?.code).toBe(-197);
  expect((await commits.send([at(0, 5)], () => {}))?.code).toBe(-197);
});

test("an error of several partitions is dealt out by the group's offsets", () => {
  expect(commitResults([at(0, 5), at(1, 7), at(2, 9)], error, [at(0, 5), at(1, 6)])).toEqual([
    at(0, 5),
    { ...at(1, 7), error },
    { ...at(2, 9), error },
  ]);
});
