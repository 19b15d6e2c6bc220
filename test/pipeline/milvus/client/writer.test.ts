import { afterEach, describe, expect, test } from 'bun:test';
import { GRPC } from '../../../../scripts/stack/grpc-server.ts';
import type { CallOptions } from '../../../../src/milvus/client/unary.ts';
import type { WriteOperation } from '../../../../src/milvus/wire/request.ts';
import { type FakeMilvus, type Fault, guideCollection } from '../../../support/fake-milvus.ts';
import { BOTH_PLANES, closeAll, connect, failure, guideRows, startFake, thrownBy } from './connect.ts';

afterEach(closeAll);

const guide = () => startFake({ collections: [guideCollection('c', 2)], token: 'root:Milvus' });
/** Calls of five seconds at most, unless a test says otherwise. */
const writerOf = async (milvus: FakeMilvus, timeoutMs = 5000) => {
  const { writer } = await connect(milvus.settings('c'));
  return {
    write: (operation: WriteOperation, body: Buffer, rows: number, options: Partial<CallOptions> = {}) =>
      writer.write(operation, body, rows, { timeoutMs, ...options }),
  };
};

describe('a write that Milvus takes', () => {
  test('upserts and inserts arrive under their method, with token and database', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    expect(await writer.write('upsert', guideRows('c', [1, '9007199254740993']), 2)).toEqual({ ok: true });
    expect(await writer.write('insert', guideRows('c', [3]), 1)).toEqual({ ok: true });
    expect([...milvus.rows('c').keys()]).toEqual([1, 9007199254740993n, 3]);
    expect(milvus.writes.map(r => r.method)).toEqual(['Upsert', 'Insert']);
    for (const { metadata } of milvus.writes) {
      expect(metadata.authorization).toBe(Buffer.from('root:Milvus').toString('base64'));
      expect(metadata.dbname).toBe('default');
      expect(metadata.identifier).toBe('449');
    }
  });

  test('many at once each get their own answer', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ when: r => r.keys[0] === 7, status: { code: 8, error_code: 49, reason: 'seven' } });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => writer.write('upsert', guideRows('c', [i]), 1)),
    );
    expect(outcomes.map(o => o.ok)).toEqual(Array.from({ length: 20 }, (_, i) => i !== 7));
    expect(failure(outcomes[7]!).reason).toBe('seven');
    expect(milvus.rows('c').size).toBe(19);
    expect(milvus.connections).toBe(BOTH_PLANES);
  });
});

describe('a write that fails', () => {
  const cases: [string, Fault, string, string][] = [
    ['a rate limit', { status: { code: 8, error_code: 49, reason: 'x' } }, 'overloaded', 'rate_limit'],
    ['a full disk', { status: { code: 7, error_code: 54, reason: 'x' } }, 'full', 'disk_limit'],
    ['bad content', { status: { code: 1100, error_code: 5, reason: 'x' } }, 'badRow', 'invalid_parameter'],
    ['a changed schema', { status: { code: 109, error_code: 62 } }, 'schemaChanged', 'schema_mismatch'],
    ['gRPC UNAVAILABLE', { grpc: { code: GRPC.UNAVAILABLE } }, 'retry', 'grpc_unavailable'],
    ['gRPC PERMISSION_DENIED', { grpc: { code: GRPC.PERMISSION_DENIED } }, 'refused', 'not_permitted'],
    ["a proxy's 503", { http: 503 }, 'retry', 'http_503'],
    ["a proxy's 502", { http: 502 }, 'retry', 'http_502'],
    ["a proxy's 429", { http: 429 }, 'overloaded', 'http_429'],
    ['a reset stream (INTERNAL_ERROR)', { reset: 2 }, 'retry', 'grpc_internal'],
  ];
  test.each(cases)('%s', async (_, fault, kind, label) => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push(fault);
    expect(failure(await writer.write('upsert', guideRows('c', [1]), 1))).toMatchObject({ kind, label });
    expect(milvus.rows('c').size).toBe(0);
    expect(await writer.write('upsert', guideRows('c', [1]), 1)).toEqual({ ok: true });
  });

  test('a server that does not answer is given up at the deadline', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus, 300);
    milvus.faults.push({ hang: true });
    expect(failure(await writer.write('upsert', guideRows('c', [1]), 1))).toMatchObject({
      kind: 'retry',
      label: 'grpc_deadline_exceeded',
    });
    expect(await writer.write('upsert', guideRows('c', [2]), 1)).toEqual({ ok: true });
  });

  test('a request larger than the server takes is too large, not an overload', async () => {
    const milvus = await startFake({ collections: [guideCollection('c', 2)], maxMessageBytes: 1000 });
    const writer = await writerOf(milvus);
    const body = guideRows('c', [1, 2, 3], 'x'.repeat(500));
    expect(failure(await writer.write('upsert', body, 3)).kind).toBe('tooLarge');
    expect(await writer.write('upsert', guideRows('c', [1]), 1)).toEqual({ ok: true });
  });

  test('a request of 80 MB gets through to a server that takes it', async () => {
    const milvus = await startFake({ collections: [guideCollection('c', 2)], maxMessageBytes: 200 << 20 });
    const writer = await writerOf(milvus, 30_000);
    expect(await writer.write('upsert', guideRows('c', [1], 'x'.repeat(80 << 20)), 1)).toEqual({ ok: true });
  });

  test('an answer that is no MutationResult is a failure', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ raw: Buffer.from([0x0a, 0x7f]) });
    expect(failure(await writer.write('upsert', guideRows('c', [1]), 1)).label).toBe('bad_answer');
  });

  test('rows that an otherwise good answer lists as failed are not taken for written', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ raw: Buffer.from([0x0a, 0x00, 0x22, 0x01, 0x01]) });
    expect(failure(await writer.write('upsert', guideRows('c', [1, 2]), 2))).toMatchObject({
      kind: 'badRow',
      label: 'error_index',
    });
  });

  test('an upsert of which Milvus counts fewer rows than were sent is not taken for written', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ count: 1 });
    expect(failure(await writer.write('upsert', guideRows('c', [1, 2]), 2))).toEqual({
      kind: 'badRow',
      label: 'row_count',
      reason: 'Milvus answers without an error, but counts 1 of the 2 rows that were sent',
    });
    milvus.faults.push({ count: 0 });
    expect(failure(await writer.write('upsert', guideRows('c', [2]), 1)).label).toBe('row_count');
  });

  test('such an insert is not sent again: what was taken would be there twice', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ count: 1 });
    expect(failure(await writer.write('insert', guideRows('c', [1, 2]), 2))).toMatchObject({
      kind: 'refused',
      label: 'row_count',
    });
  });

  test('a server that counts nothing is believed', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ count: 0, times: 4 });
    for (const operation of ['upsert', 'insert', 'upsert', 'insert'] as const) {
      expect(await writer.write(operation, guideRows('c', [1]), 1)).toEqual({ ok: true });
    }
  });

  test('after close it fails instead of throwing', async () => {
    const milvus = await guide();
    const connection = await connect(milvus.settings('c'));
    await connection.close();
    expect(
      failure(await connection.writer.write('upsert', guideRows('c', [1]), 1, { timeoutMs: 5000 })).label,
    ).toBe('channel_closed');
  });
});

describe('a write that is cancelled', () => {
  test('fails at once, and the server is told', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus, 3_600_000);
    milvus.faults.push({ hang: true });
    const abort = new AbortController();
    const written = writer.write('upsert', guideRows('c', [1]), 1, { signal: abort.signal });
    await milvus.until(m => m.writes.length === 1);
    expect(milvus.writes[0]?.cancelled).toBeUndefined();
    abort.abort();
    expect(failure(await written)).toMatchObject({ kind: 'retry', label: 'grpc_cancelled' });
    await milvus.until(m => m.writes[0]?.cancelled === true);
    expect(await writer.write('upsert', guideRows('c', [2]), 1)).toEqual({ ok: true });
    expect(milvus.connections).toBe(BOTH_PLANES);
  });

  test('before it was sent: nothing is sent', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    const body = guideRows('c', [1]);
    expect(failure(await writer.write('upsert', body, 1, { signal: AbortSignal.abort() }))).toMatchObject({
      kind: 'retry',
      label: 'grpc_cancelled',
    });
    expect(await writer.write('upsert', guideRows('c', [2]), 1)).toEqual({ ok: true });
    expect(milvus.writes.map(write => write.keys)).toEqual([[2]]);
  });

  test('while there is no connection: it does not wait for one', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus, 3_600_000);
    await milvus.pause();
    const abort = new AbortController();
    const written = writer.write('upsert', guideRows('c', [1]), 1, { signal: abort.signal });
    abort.abort();
    expect(failure(await written).label).toBe('grpc_cancelled');
    await milvus.resume();
    await again(() => writer.write('upsert', guideRows('c', [2]), 1));
    expect(milvus.writes.map(write => write.keys)).toEqual([[2]]);
  });

  test('does nothing after the answer, and leaves nothing on the signal', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    expect(await writer.write('upsert', guideRows('c', [1]), 1, { signal })).toEqual({ ok: true });
    expect(listeners).toBe(0);
    abort.abort();
    expect(milvus.rows('c').size).toBe(1);
  });
});

describe('a connection that breaks', () => {
  test('in the middle of a request: unavailable, and the next write connects again', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ drop: true });
    expect(failure(await writer.write('upsert', guideRows('c', [1]), 1)).kind).toBe('retry');
    await again(() => writer.write('upsert', guideRows('c', [2]), 1));
    expect([...milvus.rows('c').keys()]).toEqual([2]);
  });

  test('an acknowledgement that got lost: the rows are there, the sink is told to try again', async () => {
    const milvus = await guide();
    const writer = await writerOf(milvus);
    milvus.faults.push({ drop: true, applied: true });
    expect(failure(await writer.write('upsert', guideRows('c', [1]), 1)).kind).toBe('retry');
    expect(milvus.rows('c').size).toBe(1);
  });

  test('a restart on the same port is found again, by writer and ping', async () => {
    const milvus = await guide();
    const connection = await connect(milvus.settings('c'));
    await milvus.pause();
    expect(
      failure(await connection.writer.write('upsert', guideRows('c', [1]), 1, { timeoutMs: 5000 })),
    ).toMatchObject({
      kind: 'retry',
    });
    expect((await thrownBy(connection.ping())).message).toMatch(/ECONNREFUSED|No connection/);
    await milvus.resume();
    await again(() => connection.writer.write('upsert', guideRows('c', [1]), 1, { timeoutMs: 5000 }));
    await connection.ping();
    expect((await connection.describe()).fields.length).toBe(4);
  });
});

/** Tries as the sink would; the deadline of the test is the limit. */
async function again(write: () => Promise<{ ok: boolean }>): Promise<void> {
  while (!(await write()).ok) await Bun.sleep(20);
}
