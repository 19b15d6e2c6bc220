import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { PlainHistogram } from '../../../src/serve/histogram.ts';

const BOUNDS = [0.1, 1, 10];

async function values(histogram: PlainHistogram): Promise<Record<string, number>> {
  const { values } = await histogram.get();
  return Object.fromEntries(values.map(v => [`${v.metricName}${v.labels.le ?? ''}`, v.value]));
}

test('a bound belongs to its bucket, and buckets are cumulated', async () => {
  const histogram = new PlainHistogram('h', 'help', BOUNDS);
  const series = histogram.with({});
  for (const value of [0, 0.1, 0.5, 10, 11]) series.observe(value);
  expect(await values(histogram)).toEqual({
    'h_bucket0.1': 2,
    h_bucket1: 3,
    h_bucket10: 4,
    'h_bucket+Inf': 5,
    h_sum: 21.6,
    h_count: 5,
  });
});

test('counts as the definition says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: -1, max: 100, noNaN: true })), async observed => {
      const histogram = new PlainHistogram('h', 'help', BOUNDS);
      const series = histogram.with({});
      for (const value of observed) series.observe(value);
      const got = await values(histogram);
      for (const bound of BOUNDS) {
        expect(got[`h_bucket${bound}`]).toBe(observed.filter(value => value <= bound).length);
      }
      expect(got.h_count).toBe(observed.length);
      expect(got.h_sum).toBeCloseTo(observed.reduce((a, b) => a + b, 0));
    }),
  );
});

test('a value that so many have counts as often, and as if it had come one by one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.double({ min: -1, max: 100, noNaN: true }), fc.nat(5))),
      async observed => {
        const [atOnce, singly] = [0, 1].map(() => new PlainHistogram('h', 'help', BOUNDS));
        const [a, b] = [atOnce!.with({}), singly!.with({})];
        for (const [value, times] of observed) {
          a.observe(value, times);
          for (let i = 0; i < times; i++) b.observe(value);
        }
        const [{ h_sum: sum, ...counts }, { h_sum: expected, ...others }] = [
          await values(atOnce!),
          await values(singly!),
        ];
        expect(counts).toEqual(others);
        expect(sum).toBeCloseTo(expected!);
      },
    ),
  );
});

test('what is no number is left out', async () => {
  const histogram = new PlainHistogram('h', 'help', BOUNDS);
  const series = histogram.with({});
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) series.observe(value);
  expect((await values(histogram)).h_count).toBe(0);
});

test('each set of labels has a series of its own', async () => {
  const histogram = new PlainHistogram('h', 'help', BOUNDS);
  histogram.with({ connector: 'a' }).observe(1);
  histogram.with({ connector: 'b' });
  const { values } = await histogram.get();
  const count = (connector: string) =>
    values.find(v => v.metricName === 'h_count' && v.labels.connector === connector)?.value;
  expect([count('a'), count('b')]).toEqual([1, 0]);
});
