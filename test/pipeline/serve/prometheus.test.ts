// What /metrics says, read by Prometheus' own parser: prometheus_client from PyPI, in a virtual environment of its own.
import { expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/stack/stack.ts';
import { METRICS, type MetricDeclaration } from '../../../src/serve/declarations.ts';
import { serveHttp } from '../../../src/serve/http.ts';
import { createMetrics } from '../../../src/serve/metrics.ts';
import { connectorSnapshot } from '../../support/snapshots.ts';

setDefaultTimeout(60_000);
const python = await parserPython();

test.skipIf(!python)("/metrics passes Prometheus' parser (needs python3 and PyPI)", async () => {
  const hostile = 'a"b\\c\nd';
  const partitions = [
    { topic: hostile, partition: 3, committedOffset: undefined, lagRecords: 12 },
    { topic: 't', partition: 0, committedOffset: 2 ** 53 - 1, lagRecords: undefined },
  ];
  const connectors = () => [
    connectorSnapshot({
      name: hostile,
      tasks: [{ id: 0, partitions, bufferedRows: 0, requestsInFlight: 0 }],
    }),
  ];
  const metrics = createMetrics({ version: '1.2.3', connectors });
  const events = metrics.eventsOf(hostile);
  events.polled(hostile, 10, 1000);
  events.retried('rate_limit');
  events.rebalanced('assigned');
  events.written('upsert', { rows: 100, bytes: 70_000_000, latencyMs: 1.25 });
  for (const seconds of [0, 0.0012, 3, 1e6]) events.endToEnd(seconds, 1);
  const server = serveHttp({ host: '127.0.0.1', port: 0, version: '1.2.3', connectors, metrics });
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  await server.stop();

  const { problems, families, samples } = await parse(text);
  expect(problems).toEqual([]);
  const declared = Object.values<MetricDeclaration>(METRICS);
  // The parser names a counter without its _total.
  expect(families).toEqual(
    Object.fromEntries(declared.map(({ name, type }) => [name.replace(/_total$/, ''), type])),
  );
  const labels = new Map(declared.map(({ name, labels }) => [name, Object.keys(labels)]));
  for (const [name, given] of samples) {
    const base = labels.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    const names = Object.keys(given).filter(label => label !== 'le');
    expect([name, names]).toEqual([name, labels.get(base)!]);
  }
  expect(samples).toContainEqual([
    'milvus_sink_lag_records',
    { connector: hostile, topic: hostile, partition: '3' },
    12,
  ]);
  expect(samples).toContainEqual([
    'milvus_sink_committed_offset',
    { connector: hostile, topic: 't', partition: '0' },
    2 ** 53 - 1,
  ]);
  expect(samples).toContainEqual([
    'milvus_sink_end_to_end_seconds_bucket',
    { connector: hostile, le: '+Inf' },
    4,
  ]);
});

test.skipIf(!python)('the check itself notices what is wrong (needs python3 and PyPI)', async () => {
  const { problems } = await parse(
    '# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 1\n' +
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  );
  expect(problems).toEqual(["('a_total', ()) twice", 'h does not add up']);
});

// --- internal ---

interface Parsed {
  problems: string[];
  families: Record<string, string>;
  samples: [string, Record<string, string>, number][];
}

async function parse(exposition: string): Promise<Parsed> {
  const child = Bun.spawn([python!, join(import.meta.dir, 'check_metrics.py')], {
    stdin: new Blob([exposition]),
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text) as Parsed;
}

/** The interpreter with the parser, made once; undefined where this machine cannot have it. */
async function parserPython(): Promise<string | undefined> {
  const venv = join(ROOT, '.cache/venv/test');
  const interpreter = join(venv, 'bin/python');
  const works = async () =>
    existsSync(interpreter) && (await run([interpreter, '-c', 'import prometheus_client'])) === 0;
  if (await works()) return interpreter;
  if (!Bun.which('python3') || (await run(['python3', '-m', 'venv', venv])) !== 0) return undefined;
  await run([interpreter, '-m', 'pip', 'install', '--quiet', 'prometheus_client==0.23.1']);
  return (await works()) ? interpreter : undefined;
}

function run(command: string[]): Promise<number> {
  return Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }).exited;
}
