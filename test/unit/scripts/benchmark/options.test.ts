import { expect, test } from 'bun:test';
import { readOptions } from '../../../../scripts/benchmark/options.ts';

test('without options: everything once, beside the Python script', () => {
  expect(readOptions([])).toEqual({
    only: ['catchup', 'trickle', 'idle'],
    dims: [8, 768],
    rows: { 8: 1_000_000, 768: 150_000 },
    partitions: [1],
    rates: [100, 1000],
    runs: 1,
    seconds: 20,
    rivals: ['python'],
    profile: false,
    json: false,
  });
});

test('a comparison with a revision runs five times, without rivals', () => {
  expect(readOptions(['--compare', 'main'])).toMatchObject({ compare: 'main', runs: 5, rivals: [] });
  expect(readOptions(['--compare', 'main', '--runs', '9'])).toMatchObject({ runs: 9 });
});

test('rivals and a revision go together', () => {
  expect(readOptions(['--rival', 'go,python', '--compare', 'a03949e'])).toMatchObject({
    rivals: ['go', 'python'],
    compare: 'a03949e',
    runs: 5,
  });
});

test('the executable alone is measured with --rival none', () => {
  expect(readOptions(['--rival', 'none'])).toMatchObject({ rivals: [], runs: 1 });
});

test('partitions and rates are lists of whole numbers', () => {
  expect(readOptions(['--partitions', '1,2', '--rates', '50', '--profile'])).toMatchObject({
    partitions: [1, 2],
    rates: [50],
    profile: true,
  });
});

test.each([
  [['--only', 'catchup,tricle'], '--only is a list of catchup, trickle, idle, not catchup,tricle'],
  [['--dims', '16'], '--dims is a list of 8, 768, not 16'],
  [['--rows-8', '1e6'], '--rows-8 is a whole number from 1, not 1e6'],
  [['--runs', '0'], '--runs is a whole number from 1, not 0'],
  [['--rival', 'rust'], '--rival is a list of go, python, or none, not rust'],
  [['--rival', 'go,none'], '--rival is a list of go, python, or none, not go,none'],
  [['--rival', 'go,go'], '--rival names go twice: go,go'],
  [['--partitions', '0'], '--partitions is a list of whole numbers from 1, not 0'],
  [['--rates', '100,'], '--rates is a list of whole numbers from 1, not 100,'],
  [['--seconds=-1'], '--seconds is a whole number from 1, not -1'],
  [['--compare'], "'--compare"],
  [['--comparee', 'main'], '--comparee'],
])('%p is refused', (argv, message) => {
  expect(() => readOptions(argv)).toThrow(message);
});
