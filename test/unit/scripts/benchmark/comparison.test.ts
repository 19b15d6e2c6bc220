import { expect, test } from 'bun:test';
import {
  type Comparison,
  compareFigure,
  type Figure,
  renderComparison,
} from '../../../../scripts/benchmark/comparison.ts';

const figure = (revision: number[], tree: number[]): Figure => ({
  label: 'peak memory, MB',
  better: 'lower',
  digits: 1,
  revision,
  tree,
});

test('medians do not move with one run that the machine disturbed', () => {
  const compared = compareFigure(figure([100, 900, 110, 105, 95], [50, 55, 52, 500, 51]));
  expect(compared.revisionMedian).toBe(105);
  expect(compared.treeMedian).toBe(52);
  expect(compared.ratio).toBeCloseTo(52 / 105);
});

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(compareFigure(figure([1, 9, 3, 5], [2, 2, 2, 2]))).toMatchObject({
    revisionMedian: 4,
    treeMedian: 2,
  });
});

test('a round is what ran one after the other', () => {
  expect(compareFigure(figure([10, 100, 20], [20, 100, 10])).roundRatios).toEqual([0.5, 2]);
});

test('figures that were not taken equally often are no comparison', () => {
  expect(() => compareFigure(figure([1, 2], [1]))).toThrow(
    'peak memory, MB: 2 values of the revision, 1 of this tree',
  );
  expect(() => compareFigure(figure([], []))).toThrow();
});

test('one line a figure: medians, spreads, ratio', () => {
  const comparison: Comparison = {
    date: '2026-11-25T10:00:00.000Z',
    machine: { cpu: 'a CPU', cores: 2, memoryGb: 25, kernel: '6.18' },
    revision: 'a03949e',
    tree: 'this tree (0123456789ab+)',
    runs: 3,
    loadAverageBefore: 0.25,
    figures: [compareFigure(figure([1000, 1200, 1100], [1210, 990, 1155]))],
  };
  const lines = renderComparison(comparison).split('\n');
  expect(lines.at(-1)).toBe(
    '| peak memory, MB | lower | 1,100.0 | 1,000.0-1,200.0 | 1,155.0 | 990.0-1,210.0 | 1.050 | 0.825-1.210 |',
  );
  expect(lines[0]).toBe('a CPU, 2 cores, 25 GB, Linux 6.18, 2026-11-25, load average before 0.3');
  expect(lines[1]).toBe(
    'Before: a03949e. Now: this tree (0123456789ab+). Medians of 3 runs of each, in turns.',
  );
});
