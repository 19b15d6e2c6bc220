// A Milvus that only counts: takes writes into a collection of the connector's guide and stores nothing, so that a
// benchmark measures the sink. A process of its own; what it counted is served as JSON.
//
//   bun scripts/benchmark/counting-server.ts --port 19540 --dim 768 --http-port 19541 [--latency-ms 5] [--latency-log]
//   GET /count    {rows, requests, bytes, firstRowAtMs, lastRowAtMs}      (ms since the epoch, null before the first)
//   GET /latency  {count, p50, p90, p99, max}  ms; --latency-log only: now minus the µs since the epoch in each row's `title`
//   GET /reset    forgets all of it
import { parseArgs } from 'node:util';
import { describe, guideCollection, protocol } from '../stack/fake-milvus-protocol.ts';
import { GRPC, type GrpcAnswer, GrpcServer } from '../stack/grpc-server.ts';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    dim: { type: 'string', default: '8' },
    'http-port': { type: 'string', default: '0' },
    'latency-ms': { type: 'string', default: '0' },
    'latency-log': { type: 'boolean', default: false },
  },
});
const latencyMs = Number(options['latency-ms']);
const dim = Number(options.dim);

interface Counts {
  rows: number;
  requests: number;
  bytes: number;
  firstRowAtMs: number | null;
  lastRowAtMs: number | null;
}

const nothing = (): Counts => ({ rows: 0, requests: 0, bytes: 0, firstRowAtMs: null, lastRowAtMs: null });
let counts = nothing();
let latencies: number[] = [];

const grpc = await GrpcServer.start({
  port: Number(options.port),
  async handle({ method, body }) {
    if (method !== 'Upsert' && method !== 'Insert') return control(method, body);
    if (latencyMs > 0) await Bun.sleep(latencyMs);
    const rows = count(body);
    const now = Date.now();
    counts.rows += rows;
    counts.requests++;
    counts.bytes += body.length;
    counts.firstRowAtMs ??= now;
    counts.lastRowAtMs = now;
    return { kind: 'message', body: mutationResult(method, rows) };
  },
});

const http = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(options['http-port']),
  routes: {
    '/count': () => Response.json(counts),
    '/latency': () => Response.json(summary()),
    '/reset': () => {
      counts = nothing();
      latencies = [];
      return Response.json(counts);
    },
  },
});

console.log(JSON.stringify({ ready: true, port: grpc.port, httpPort: http.port, dim }));

// --- internal ---

function control(method: string, body: Buffer): GrpcAnswer {
  const codec = protocol().methods.get(method);
  if (!codec) return { kind: 'error', code: GRPC.UNIMPLEMENTED, details: method };
  const request = codec.request.toObject(codec.request.decode(body)) as { collection_name?: string };
  const collection = guideCollection(request.collection_name ?? 'bench', dim);
  const answers: Record<string, Record<string, unknown>> = {
    Connect: { status: {}, identifier: '1', server_info: { build_tags: 'counting' } },
    GetVersion: { status: {}, version: 'counting' },
    CheckHealth: { status: {}, isHealthy: true },
    DescribeCollection: describe(collection, 'default'),
    ShowCollections: { status: {}, collection_names: [collection.name] },
    ListDatabases: { status: {}, db_names: ['default'] },
    HasCollection: { status: {}, value: true },
    // For the comparisons that make and load their collection themselves.
    GetLoadState: { status: {}, state: 3 },
    GetLoadingProgress: { status: {}, progress: '100' },
  };
  return {
    kind: 'message',
    body: codec.response.encode(codec.response.fromObject(answers[method] ?? {})).finish(),
  };
}

/** num_rows of a request; on the way, the titles' ages. Fields are skipped, not decoded. */
function count(body: Buffer): number {
  let rows = 0;
  for (const [field, start, end] of fieldsOf(body, 0, body.length)) {
    if (field === 7) rows = start;
    else if (field === 5 && options['latency-log']) titleAges(body, start, end);
  }
  return rows;
}

/** FieldData{ field_name = 2, scalars = 3 { string_data = 6 { data = 1 } } } */
function titleAges(body: Buffer, start: number, end: number): void {
  const nowUs = (performance.timeOrigin + performance.now()) * 1000;
  let title = false;
  for (const [field, from, to] of fieldsOf(body, start, end)) {
    if (field === 2) title = body.toString('latin1', from, to) === 'title';
    if (!title || field !== 3) continue;
    for (const [kind, a, b] of fieldsOf(body, from, to)) {
      if (kind !== 6) continue;
      for (const [, c, d] of fieldsOf(body, a, b)) {
        const sentUs = Number(body.toString('latin1', c, d));
        if (sentUs > 0) latencies.push((nowUs - sentUs) / 1000);
      }
    }
  }
}

/** Fields of a message: number, and begin and end of its bytes; a varint field has its value as begin. */
function* fieldsOf(body: Buffer, start: number, end: number): Generator<[number, number, number]> {
  let position = start;
  const varint = () => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = body[position++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  };
  while (position < end) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) yield [tag >>> 3, varint(), 0];
    else if (wire === 2) {
      const length = varint();
      const from = position;
      position += length;
      yield [tag >>> 3, from, position];
    } else position += wire === 1 ? 8 : 4;
  }
}

/** MutationResult{ insert_cnt = 6 or upsert_cnt = 8 } without ids: the sink does not need them. */
function mutationResult(method: string, rows: number): Uint8Array {
  const bytes = [method === 'Upsert' ? 0x40 : 0x30];
  for (let rest = rows; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest);
      break;
    }
    bytes.push((rest % 128) | 128);
  }
  // An empty status says success; some clients insist on its presence.
  return Uint8Array.from([0x0a, 0x00, ...bytes]);
}

function summary(): Record<'p50' | 'p90' | 'p99' | 'max', number | null> & { count: number } {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) =>
    sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
