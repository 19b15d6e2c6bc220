import { describe, expect, test } from 'bun:test';
import { subscriptionPattern } from '../../../src/source/topics.ts';

describe('topics.regex', () => {
  test.each([
    ['topic_.*', '^(topic_.*)$'],
    ['^a|b$', '^(a|b)$'],
    ['orders-\\d+', '^(orders-[0-9]+)$'],
    ['\\w+\\.v[0-9]', '^([A-Za-z0-9_]+\\.v[0-9])$'],
  ])('%s matches whole names', (java, posix) => {
    expect(subscriptionPattern(java)).toBe(posix);
  });

  test.each(['(?i)topic', 'a(?=b)', 'a++', 'a*?', '\\bfoo', '[a-z&&[^b]]'])(
    '%s is refused, not misread',
    java => {
      expect(() => subscriptionPattern(java)).toThrow(/CONFIG_INVALID.*topics\.regex/);
    },
  );
});
