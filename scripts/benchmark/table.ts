// The results as Markdown: one table that fits into the README, and where the CPU went.
import type { Results } from './beside.ts';

/** One column for each candidate and dimension, one row for each figure. */
export function renderTable(results: Results): string {
  const { cpu, cores, memoryGb, kernel } = results.machine;
  const dims = [
    ...new Set(results.candidates.flatMap(c => [...Object.keys(c.catchUp), ...Object.keys(c.trickle)])),
  ];
  const columns = results.candidates.flatMap(candidate => dims.map(dim => ({ candidate, dim })));
  const line = (name: string, cell: (column: (typeof columns)[number]) => string | undefined) => {
    const cells = columns.map(column => cell(column) ?? '');
    return cells.every(text => text === '') ? [] : [`| ${name} | ${cells.join(' | ')} |`];
  };
  const up = (show: (run: Results['candidates'][number]['catchUp'][string]) => string) => {
    return ({ candidate, dim }: (typeof columns)[number]) => {
      const run = candidate.catchUp[dim];
      return run && show(run);
    };
  };
  const slow = (show: (run: Results['candidates'][number]['trickle'][string]) => string) => {
    return ({ candidate, dim }: (typeof columns)[number]) => {
      const run = candidate.trickle[dim];
      return run && show(run);
    };
  };
  return [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, ${results.date.slice(0, 10)}`,
    '',
    `| | ${columns.map(({ candidate, dim }) => `${candidate.name}, dim ${dim}`).join(' | ')} |`,
    `|---|${columns.map(() => '---:').join('|')}|`,
    ...line(
      'rows',
      up(run => whole(run.rows)),
    ),
    ...line(
      'rows per CPU second, start-up counted',
      up(run => whole(run.rowsPerCpuSecond)),
    ),
    ...line(
      'rows per second of wall time',
      up(run => whole(run.rowsPerSecond)),
    ),
    ...line(
      'start to first row, s',
      up(run => (run.firstRowMs / 1000).toFixed(2)),
    ),
    ...line(
      'peak memory, MB',
      up(run => whole(run.peakMb)),
    ),
    ...line(
      '100 records/s: latency p50, ms',
      slow(run => run.p50Ms.toFixed(1)),
    ),
    ...line(
      '100 records/s: latency p99, ms',
      slow(run => run.p99Ms.toFixed(1)),
    ),
    ...line(
      '100 records/s: of a core, %',
      slow(run => (run.cpuShare * 100).toFixed(1)),
    ),
    ...line(
      '100 records/s: memory, MB',
      slow(run => whole(run.residentMb)),
    ),
    '',
    `Executable ${whole(results.executableMb)} MB` +
      (results.idleMb === undefined ? '.' : `, idle ${whole(results.idleMb)} MB resident.`),
  ].join('\n');
}

/** CPU by stage of the catch-up runs, µs a row and share. */
export function renderProfile(results: Results): string {
  const lines: string[] = [];
  for (const { name, catchUp } of results.candidates) {
    for (const [dim, run] of Object.entries(catchUp)) {
      if (!run.profile) continue;
      const { cpuMs, ...stages } = run.profile;
      const total = cpuMs ?? Object.values(stages).reduce((sum, ms) => sum + ms, 0);
      const parts = Object.entries(stages).map(([stage, ms]) => {
        const perRow = ((ms * 1000) / run.rows).toFixed(2);
        return `${stage.replace(/Ms$/, '')} ${perRow} µs (${Math.round((ms / total) * 100)} %)`;
      });
      lines.push(`CPU of a row, ${name}, dim ${dim}: ${parts.join(', ')}.`);
    }
  }
  return lines.length === 0
    ? ''
    : `\n${lines.join('\n')}\nPoll is what the other stages leave over: librdkafka's threads, the addon, the runtime, start-up.`;
}

// --- internal ---

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
