import { describe, expect, test } from 'bun:test';
import { afterLook, discoverTopics, NOTHING_FOUND } from '../../../src/kafka/discovery.ts';
import { createLogger } from '../../../src/observe/log.ts';

describe('the topics after another look', () => {
  test('new ones are read at once, in the order of their names', () => {
    expect(afterLook(NOTHING_FOUND, ['b', 'a'])).toEqual({ topics: ['a', 'b'], missing: [] });
  });

  test('one that is gone stays until a second look misses it, too', () => {
    const once = afterLook({ topics: ['a', 'b'], missing: [] }, ['a']);
    expect(once).toEqual({ topics: ['a', 'b'], missing: ['b'] });
    expect(afterLook(once, ['a'])).toEqual({ topics: ['a'], missing: [] });
    expect(afterLook(once, ['a', 'b'])).toEqual({ topics: ['a', 'b'], missing: [] });
  });
});

describe('looking again and again', () => {
  /** What is reported when the cluster shows these topics in turn; a string stands for a failure. */
  async function reported(looks: (string[] | string)[], refreshMs = 3000) {
    const reports: unknown[] = [];
    let at = 0;
    let ended = false;
    await discoverTopics({
      pattern: 'o.*',
      matches: name => name.startsWith('o'),
      refreshMs,
      list: async () => {
        const look = looks[at++]!;
        if (typeof look === 'string') throw { code: -195, message: look };
        return look;
      },
      changed: topics => reports.push(topics),
      waiting: reason => reports.push(`waiting: ${reason}`),
      found: () => reports.push('found'),
      pause: async ms => {
        reports.push(ms);
        ended = at === looks.length;
      },
      stopped: () => ended,
      log: createLogger({
        level: 'error',
        format: 'text',
        now: () => new Date(0),
        write: () => {},
        mask: t => t,
      }),
    });
    return reports.filter(entry => entry !== 3000);
  }

  test('without a match it waits by name, and goes on when there is one', async () => {
    expect(await reported([['x'], ['x', 'o1']])).toEqual(['waiting: no topic matches o.*', 'found', ['o1']]);
  });

  test('topics made later come in, deleted ones leave, and the last one leaves a wait', async () => {
    expect(await reported([['o1'], ['o1', 'o2'], ['o1', 'o2'], ['o2'], ['o2'], [], []])).toEqual([
      'found',
      ['o1'],
      ['o1', 'o2'],
      ['o2'],
      'waiting: no topic matches o.*',
      [],
    ]);
  });

  test('a cluster that does not answer takes nothing away', async () => {
    expect(await reported(['no broker', ['o1'], 'no broker', 'no broker', ['o1']])).toEqual([
      'waiting: Kafka does not list its topics: no broker',
      1000,
      'found',
      ['o1'],
      1000,
      1000,
    ]);
  });
});
