import { expect, test } from 'bun:test';
import { MissingTopics } from '../../../src/task/missing-topics.ts';

/** Looks at a cluster that shows these topics in turn; `away` stands for one that does not answer. */
function search(wanted: string[], looks: Array<string[] | 'away'>) {
  const over = Promise.withResolvers<void>();
  const state = { waiting: true, looks: 0, found: 0 };
  const topics = new MissingTopics({
    consumer: () => ({
      topics: async () => {
        const look = looks[state.looks++]!;
        if (look === 'away') throw { code: -195, message: 'no broker' };
        return look;
      },
    }),
    wanted: () => wanted,
    isWaiting: () => {
      if (!state.waiting || state.looks === looks.length) over.resolve();
      return state.waiting && state.looks < looks.length;
    },
    found: () => {
      state.found++;
      state.waiting = false;
    },
    pause: async () => {},
  });
  return { topics, state, over: over.promise };
}

test('looks until all topics are there, however often it is asked to', async () => {
  const { topics, state, over } = search(['a', 'b'], [['a'], 'away', ['a', 'c'], ['b', 'a'], ['a', 'b']]);
  topics.look();
  topics.look();
  await over;
  expect(state).toEqual({ waiting: false, looks: 4, found: 1 });
});

test('does not go on when nobody waits any more', async () => {
  const { topics, state, over } = search(['a'], [[], [], []]);
  topics.look();
  state.waiting = false;
  await over;
  expect(state).toEqual({ waiting: false, looks: 1, found: 0 });
});
