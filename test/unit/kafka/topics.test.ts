import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { PatternError } from '../../../src/kafka/java-regex/error.ts';
import { topicFilter, topicPattern } from '../../../src/kafka/topics.ts';

const lines = (file: string) =>
  readFileSync(`${import.meta.dir}/topics-regex/${file}`, 'utf8')
    .trimEnd()
    .split('\n');
const input = lines('patterns.txt');
const names = input.slice(0, input.indexOf(''));
const patterns = input.slice(names.length + 1);
/** What java.util.regex answered: scripts/golden/TopicsRegex.java. */
const golden = lines('golden.txt').map(line => {
  const tab = line.indexOf('\t');
  return { java: line.slice(0, tab), pattern: line.slice(tab + 1) };
});

/** Patterns that Java takes and this program refuses by name. */
const LACKING: Record<string, string> = {
  '(?x)orders # comment': '(?x)',
  '(a)\\1': '\\1',
  '(?<n>a)\\k<n>': '\\k',
  '\\N{LATIN SMALL LETTER A}': '\\N',
  '\\b{g}x': '\\b{',
  '\\X': '\\X',
  '\\p{IsGreek}+': '\\p{IsGreek}',
  '(?i)\\p{Lower}+': '\\p{Lower}',
  '{2}': '{',
  'a{2}{3}': '{',
  '[a&&]': '&&',
  '(?<=a+)b': '(?<=',
};

function answer(pattern: string): string {
  try {
    const matches = topicPattern(pattern);
    return names.map(name => (matches(name) ? '1' : '0')).join('');
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return '-';
  }
}

describe('topics.regex matches the topics that Kafka Connect would read', () => {
  test('the golden file is that of the patterns', () => {
    expect(golden.map(({ pattern }) => pattern)).toEqual(patterns);
    expect(golden.filter(({ java }) => /^[01]+$/.test(java)).length).toBeGreaterThan(100);
  });

  test.each(golden.filter(({ pattern }) => !Object.hasOwn(LACKING, pattern)))(
    '$pattern',
    ({ java, pattern }) => {
      expect(answer(pattern)).toBe(java);
    },
  );

  test.each(Object.entries(LACKING))('%s is refused by name, never misread', (pattern, construct) => {
    expect(golden.find(line => line.pattern === pattern)?.java).toMatch(/^[01]+$/);
    try {
      topicPattern(pattern);
    } catch (error) {
      expect(error).toBeInstanceOf(PatternError);
      expect(error).toMatchObject({ construct, java: false });
      return;
    }
    throw new Error('it was taken');
  });

  test('the place of an error is that in the pattern as written', () => {
    const at = (pattern: string) => {
      try {
        topicPattern(pattern);
      } catch (error) {
        return (error as PatternError).at;
      }
      return undefined;
    };
    expect(at('orders\\q')).toBe(7);
    expect(at('\\Qa.b\\E(')).toBe(8);
    expect(at('a)')).toBe(2);
  });

  test('a pattern that doubles a backtracking matcher’s work with each letter is answered', () => {
    const long = 'a'.repeat(248);
    for (const pattern of [
      '(a+)+b',
      '(a|a)*b',
      '((a*)*)*b',
      '(a*a*a*a*)*b',
      '(.*a){20}b',
      '(a?){249}a{249}b',
    ]) {
      expect(topicPattern(pattern)(`${long}c`)).toBe(false);
      expect(topicPattern(pattern)(`${long}b`)).toBe(pattern !== '(a?){249}a{249}b');
    }
  });

  test('names that Kafka does not allow never match', () => {
    const any = topicPattern('(?s).*');
    expect(['.', '..', '', 'a b', 'é', 'x'.repeat(250)].filter(any)).toEqual([]);
  });
});

describe('which topics are read', () => {
  test("Kafka's own topics are left out of a pattern unless exclude.internal.topics=false", () => {
    const all = ['orders', '__consumer_offsets', '__transaction_state', '__share_group_state', '_schemas'];
    const filter = (excludeInternalTopics: boolean) =>
      all.filter(topicFilter({ topicsRegex: '.*', excludeInternalTopics }));
    expect(filter(true)).toEqual(['orders', '_schemas']);
    expect(filter(false)).toEqual(all);
  });

  test('a list is taken as it stands', () => {
    const filter = topicFilter({ topics: ['a', '__consumer_offsets'], excludeInternalTopics: true });
    expect(['a', 'b', '__consumer_offsets'].filter(filter)).toEqual(['a', '__consumer_offsets']);
  });
});
