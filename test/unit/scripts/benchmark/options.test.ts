import { expect, test } from 'bun:test';
import { readOptions } from '../../../../scripts/benchmark/options.ts';

test('without options: everything once, beside the Python script', () => {
  expect(readOptions([])).toEqual({
    only: ['catchup', 'trickle', 'idle'],
    dims: [8, 768],
    rows: { 8: 1_000_000, 768: 150_000 },
    runs: 1,
    seconds: 20,
    rival: true,
    json: false,
  });
});

test('a comparison runs five times, without the Python script', () => {
  expect(readOptions(['--compare', 'main'])).toMatchObject({ compare: 'main', runs: 5, rival: false });
  expect(readOptions(['--compare', 'main', '--runs', '9'])).toMatchObject({ runs: 9 });
});

test.each([
  [['--only', 'catchup,tricle'], '--only is a list of catchup, trickle, idle, not catchup,tricle'],
  [['--dims', '16'], '--dims is a list of 8, 768, not 16'],
  [['--rows-8', '1e6'], '--rows-8 is a whole number from 1, not 1e6'],
  [['--runs', '0'], '--runs is a whole number from 1, not 0'],
  [['--seconds=-1'], '--seconds is a whole number from 1, not -1'],
  [['--compare'], "'--compare"],
  [['--comparee', 'main'], '--comparee'],
])('%p is refused', (argv, message) => {
  expect(() => readOptions(argv)).toThrow(message);
});
