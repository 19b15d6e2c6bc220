import { expect, test } from 'bun:test';
import { compareFigure, type Figure } from '../../../../scripts/benchmark/comparison.ts';

const figure = (...values: number[][]): Figure => ({
  scope: 'dim 8',
  label: 'peak memory, MB',
  better: 'lower',
  digits: 1,
  values,
});

test('medians do not move with one run that the machine disturbed', () => {
  const compared = compareFigure(figure([50, 55, 52, 500, 51], [100, 900, 110, 105, 95]));
  expect(compared.medians).toEqual([52, 105]);
  expect(compared.ratios[1]!.ofMedians).toBeCloseTo(52 / 105);
});

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(compareFigure(figure([2, 2, 2, 2], [1, 9, 3, 5])).medians).toEqual([2, 4]);
});

test('a round is what ran one after the other', () => {
  expect(compareFigure(figure([20, 100, 10], [10, 100, 20])).ratios[1]!.ofRounds).toEqual([0.5, 2]);
});

test('the first candidate is compared with each of the others', () => {
  const { ratios } = compareFigure(figure([10], [20], [5]));
  expect(ratios.map(ratio => ratio?.ofMedians ?? null)).toEqual([null, 0.5, 2]);
});

test('a candidate may lack a figure: there is no ratio to it, and none of its', () => {
  expect(compareFigure(figure([10], [], [5]))).toMatchObject({
    medians: [10, null, 5],
    ratios: [null, null, { ofMedians: 2 }],
  });
  expect(compareFigure(figure([], [5])).ratios).toEqual([null, null]);
});

test('figures that were not taken equally often are no comparison', () => {
  expect(() => compareFigure(figure([1, 2], [1]))).toThrow('dim 8: peak memory, MB: taken 2, 1 times');
  expect(() => compareFigure(figure([], []))).toThrow('taken 0, 0 times');
});
