import { expect, test } from 'bun:test';
import { figureOf, stageKinds } from '../../../../scripts/benchmark/figures.ts';
import type { CatchUp } from '../../../../scripts/benchmark/measure.ts';

const run = (further: Partial<CatchUp>): CatchUp => ({
  rows: 1000,
  rowsPerSecond: 1,
  cpuSeconds: 1,
  rowsPerCpuSecond: 1,
  peakMb: 1,
  firstRowMs: 1,
  ...further,
});

test('a figure has the values of each candidate, in the order of the rounds', () => {
  const kind = { label: 'rows', better: 'higher', digits: 0, of: (result: number) => result * 2 } as const;
  expect(figureOf(kind, [[1, 2], [3]], 'dim 8')).toEqual({
    scope: 'dim 8',
    label: 'rows',
    better: 'higher',
    digits: 0,
    values: [[2, 4], [6]],
  });
});

test('a figure that a candidate lacks in one of its runs it lacks altogether', () => {
  const kind = {
    label: 'share',
    better: 'lower',
    digits: 0,
    of: (result: { share?: number }) => result.share,
  } as const;
  expect(
    figureOf(
      kind,
      [
        [{ share: 1 }, {}],
        [{ share: 0 }, { share: 2 }],
      ],
      '',
    ).values,
  ).toEqual([[], [0, 2]]);
});

test('each stage that a process told of is a figure, in µs a row', () => {
  const told = run({ stages: { cpuMs: 9, decodeMs: 2, sendMs: 0 } });
  const kinds = stageKinds([told, run({})]);
  expect(kinds.map(({ label, of }) => [label, of(told), of(run({}))])).toEqual([
    ['CPU of a row, decode, µs', 2, undefined],
    ['CPU of a row, send, µs', undefined, undefined],
  ]);
});
