import { expect, test } from 'bun:test';
import { type Comparison, compareFigure, type Figure } from '../../../../scripts/benchmark/comparison.ts';
import { renderComparison, renderThreads } from '../../../../scripts/benchmark/table.ts';
import type { ThreadTable } from '../../../../scripts/benchmark/threads.ts';

const MEMORY = { label: 'peak memory, MB', better: 'lower', digits: 1 } as const;

const comparison = (runs: number, candidates: string[], ...figures: Figure[]): Comparison => ({
  date: '2026-11-25T10:00:00.000Z',
  machine: { cpu: 'a CPU', cores: 2, memoryGb: 25, kernel: '6.18' },
  candidates,
  runs,
  loadAverageBefore: 0.25,
  figures: figures.map(compareFigure),
  profiles: [],
});

test('one line a figure below its scope: medians and ratios, each with its spread', () => {
  const three = comparison(
    3,
    ['this tree', 'Go', 'a03949e'],
    { ...MEMORY, scope: 'dim 8', values: [[1210, 990, 1155], [1000, 1200, 1100], []] },
    { ...MEMORY, scope: 'idle', values: [[1, 1, 1], [], [2, 2, 2]] },
  );
  expect(renderComparison(three).split('\n')).toEqual([
    'a CPU, 2 cores, 25 GB, Linux 6.18, 2026-11-25, load average before 0.3',
    'Medians (least-greatest) of 3 runs of each, in turns; ratios (of one round, least-greatest) are those of this tree to the others.',
    '',
    '|  | better is | this tree | Go | a03949e | ratio to Go | ratio to a03949e |',
    '|---|---|---:|---:|---:|---:|---:|',
    '| **dim 8** |  |  |  |  |  |  |',
    '| peak memory, MB | lower | 1,155.0 (990.0-1,210.0) | 1,100.0 (1,000.0-1,200.0) |  | 1.050 (0.825-1.210) |  |',
    '| **idle** |  |  |  |  |  |  |',
    '| peak memory, MB | lower | 1.0 (1.0-1.0) |  | 2.0 (2.0-2.0) |  | 0.500 (0.500-0.500) |',
  ]);
});

test('of one run there is no spread, of one candidate no ratio', () => {
  const alone = comparison(1, ['this tree'], { ...MEMORY, scope: 'dim 8', values: [[12]] });
  expect(renderComparison(alone).split('\n').slice(1)).toEqual([
    'One run of each.',
    '',
    '|  | better is | this tree |',
    '|---|---|---:|',
    '| **dim 8** |  |  |',
    '| peak memory, MB | lower | 12.0 |',
  ]);
});

test('the CPU of a row by kind of thread', () => {
  const table: ThreadTable = {
    scope: 'dim 8, 1,000 rows in 2 partitions',
    candidate: 'this tree',
    rows: 1000,
    groups: [
      { name: 'main', threads: 1, userSeconds: 0.002, systemSeconds: 0.001, minorFaults: 100 },
      { name: 'unseen', threads: 0, userSeconds: 0.001, systemSeconds: 0, minorFaults: 0 },
    ],
  };
  expect(renderThreads(table).split('\n')).toEqual([
    'CPU by thread, this tree, dim 8, 1,000 rows in 2 partitions; start-up not counted:',
    '',
    '|  | threads | user, µs a row | system, µs a row | both | % | minor faults a row |',
    '|---|---:|---:|---:|---:|---:|---:|',
    '| main | 1 | 2.00 | 1.00 | 3.00 | 75.0 | 0.100 |',
    '| unseen |  | 1.00 | 0.00 | 1.00 | 25.0 | 0.000 |',
    '| all |  | 3.00 | 1.00 | 4.00 | 100.0 | 0.100 |',
  ]);
});
