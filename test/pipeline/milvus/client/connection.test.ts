import { afterEach, describe, expect, test } from 'bun:test';
import { GRPC, GrpcServer } from '../../../../scripts/stack/grpc-server.ts';
import { SinkError } from '../../../../src/errors.ts';
import type { MilvusSettings } from '../../../../src/milvus/client/settings.ts';
import { MilvusUnavailable } from '../../../../src/milvus/client/unavailable.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { type FakeMilvus, guideCollection } from '../../../support/fake-milvus.ts';
import {
  BOTH_PLANES,
  closeAll,
  connect,
  guideRows,
  startFake,
  thrownBy,
  tlsFile,
  tlsText,
} from './connect.ts';

afterEach(closeAll);

const guide = guideCollection('articles', 2);

/** What connecting, or describing once connected, ends with. */
const refusal = (settings: MilvusSettings) =>
  thrownBy(connect(settings).then(connection => connection.describe()));

const sinkError = async (settings: MilvusSettings) => {
  const error = await refusal(settings);
  expect(error).toBeInstanceOf(SinkError);
  return error as SinkError;
};

const unavailable = async (settings: MilvusSettings) => {
  const error = await refusal(settings);
  expect(error).toBeInstanceOf(MilvusUnavailable);
  return error as MilvusUnavailable;
};

describe('connect and describe', () => {
  test('version and schema', async () => {
    const milvus = await startFake({
      collections: [{ ...guide, dynamic: true, schemaTimestamp: 461234567890123456n }],
      version: 'v2.5.4',
    });
    const connection = await connect(milvus.settings('articles'));
    expect(connection.serverVersion).toBe('v2.5.4');
    const schema = await connection.describe();
    expect(schema).toMatchObject({ collection: 'articles', database: 'default', dynamic: true });
    expect(schema.schemaTimestamp).toBe(461234567890123456n);
    expect(schema.fields.map(f => [f.name, f.type])).toEqual([
      ['id', DataType.Int64],
      ['title', DataType.VarChar],
      ['title_vector', DataType.FloatVector],
      ['link', DataType.VarChar],
    ]);
  });

  test('defaults of every falsy kind, nullable, arrays, functions and autoID survive the SDK', async () => {
    const fields = [
      { name: 'pk', type: DataType.VarChar, maxLength: 64, primary: true, autoId: true },
      { name: 'zero', type: DataType.Int64, default: { long_data: 0 } },
      { name: 'no', type: DataType.Bool, default: { bool_data: false } },
      { name: 'empty', type: DataType.VarChar, maxLength: 9, default: { string_data: '' } },
      { name: 'maybe', type: DataType.Float, nullable: true },
      { name: 'list', type: DataType.Array, elementType: DataType.Int16, maxCapacity: 3 },
      { name: 'sparse', type: DataType.SparseFloatVector, functionOutput: true },
    ];
    const milvus = await startFake({ collections: [{ name: 'all', fields }] });
    const schema = await (await connect(milvus.settings('all'))).describe();
    expect(schema.fields.map(f => f.hasDefault)).toEqual([false, true, true, true, false, false, false]);
    expect(schema.fields.map(f => f.nullable)).toEqual([false, false, false, false, true, false, false]);
    expect(schema.primary).toMatchObject({ name: 'pk', autoId: true, maxLength: 64 });
    expect(schema.fields[5]).toMatchObject({ elementType: DataType.Int16, maxCapacity: 3 });
    expect(schema.fields[6]).toMatchObject({ functionOutput: true });
  });

  test('a changed schema is seen by the next describe', async () => {
    const milvus = await startFake({ collections: [guide] });
    const connection = await connect(milvus.settings('articles'));
    await connection.describe();
    milvus.define({
      ...guide,
      fields: [...guide.fields, { name: 'added', type: DataType.Int8, nullable: true }],
    });
    expect((await connection.describe()).fields.at(-1)).toMatchObject({ name: 'added', nullable: true });
  });

  test('a database of its own', async () => {
    const milvus = await startFake({ databases: ['news'], collections: [{ ...guide, database: 'news' }] });
    const connection = await connect(milvus.settings('articles', { database: 'news' }));
    expect((await connection.describe()).database).toBe('news');
    expect(
      await connection.writer.write('upsert', guideRows('articles', [1]), 1, { timeoutMs: 5000 }),
    ).toEqual({ ok: true });
    expect(milvus.rows('articles', 'news').size).toBe(1);
  });

  test('nothing is sent that was not asked for', async () => {
    const milvus = await startFake({ collections: [guide] });
    const connection = await connect(milvus.settings('articles'));
    await connection.describe();
    await connection.ping();
    expect(milvus.requests.map(r => r.method)).toEqual(['Connect', 'DescribeCollection', 'GetVersion']);
    expect(milvus.connections).toBe(BOTH_PLANES);
  });

  test('an old server that does not know Connect', async () => {
    const milvus = await startFake({ collections: [guide] });
    milvus.faults.push({
      method: 'Connect',
      grpc: { code: GRPC.UNIMPLEMENTED, details: 'unknown method Connect' },
    });
    const connection = await connect(milvus.settings('articles'));
    expect(connection.serverVersion).toBe('unknown');
    expect((await connection.describe()).fields.length).toBe(4);
  });
});

describe('final: exit 3 and what to do', () => {
  test.each(['root:secret-7', 'an-api-key-7'])('a wrong token, which is not repeated: %s', async token => {
    const milvus = await startFake({ collections: [guide], token: 'root:Milvus' });
    const error = await sinkError(milvus.settings('articles', { token }));
    expect(error).toMatchObject({ code: 'MILVUS_AUTH', kind: 'milvus' });
    expect(error.details.fix).toContain('token');
    expect(Bun.inspect(error)).not.toContain(token);
    expect(Bun.inspect(error)).not.toContain(Buffer.from(token).toString('base64'));
  });

  test('a token that is taken back later', async () => {
    const milvus = await startFake({ collections: [guide], token: 'a' });
    const connection = await connect(milvus.settings('articles'));
    (milvus.options as { token: string }).token = 'b';
    expect(await thrownBy(connection.ping())).toMatchObject({ code: 'MILVUS_AUTH', kind: 'milvus' });
    expect(await thrownBy(connection.describe())).toMatchObject({ code: 'MILVUS_AUTH', kind: 'milvus' });
  });

  test('a collection that does not exist, with those that do', async () => {
    const milvus = await startFake({ collections: [guide, guideCollection('other', 2)] });
    const error = await sinkError(milvus.settings('artikles'));
    expect(error).toMatchObject({ code: 'MILVUS_COLLECTION_MISSING', kind: 'milvus' });
    expect(error.message).toContain('"artikles"');
    expect(error.message).toContain('articles, other');
    expect(error.message).toContain(milvus.address);
  });

  test('a collection that does not exist, as Milvus 2.3 says it', async () => {
    const milvus = await startFake({});
    const reason = "can't find collection collection not found[database=default][collection=x]";
    milvus.faults.push({ method: 'DescribeCollection', status: { code: 100, error_code: 1, reason } });
    expect((await sinkError(milvus.settings('x'))).code).toBe('MILVUS_COLLECTION_MISSING');
  });

  test('a database that does not exist', async () => {
    const milvus = await startFake({ collections: [guide] });
    const error = await sinkError(milvus.settings('articles', { database: 'nwes' }));
    expect(error).toMatchObject({ code: 'MILVUS_DATABASE_MISSING', kind: 'milvus' });
  });

  test('a database that does not exist, where the server blames the collection', async () => {
    const milvus = await startFake({ databases: ['news'] });
    milvus.faults.push({
      method: 'DescribeCollection',
      status: { code: 100, error_code: 1, reason: 'not found' },
    });
    const settings = milvus.settings('articles', { database: 'nwes' });
    milvus.faults.push({ method: 'ListDatabases', raw: Buffer.from([0x12, 4, ...Buffer.from('news')]) });
    const error = await sinkError(settings);
    expect(error.code).toBe('MILVUS_DATABASE_MISSING');
    expect(error.message).toContain('news');
  });

  test("a token that still holds the guide's asterisks is named as such", async () => {
    const milvus = await startFake({ collections: [guide], token: 'root:Milvus' });
    const error = await sinkError(milvus.settings('articles', { token: '*'.repeat(41) }));
    expect(error.code).toBe('MILVUS_AUTH');
    expect(error.details.fix).toContain("the guide's asterisks");
  });

  test('no permission to describe', async () => {
    const milvus = await startFake({ collections: [guide] });
    milvus.faults.push({
      method: 'DescribeCollection',
      status: { code: 1401, error_code: 1, reason: 'denied' },
    });
    expect((await sinkError(milvus.settings('articles'))).code).toBe('MILVUS_AUTH');
  });
});

describe('passing: try again', () => {
  test('nobody listens', async () => {
    const milvus = await startFake({ collections: [guide] });
    const settings = milvus.settings('articles');
    await milvus.pause();
    const error = await unavailable(settings);
    expect(error.message).toContain(settings.address);
    expect(error.message).toContain('ECONNREFUSED');
    await milvus.resume();
    expect((await (await connect(settings)).describe()).fields.length).toBe(4);
  });

  test('a name that does not resolve', async () => {
    const milvus = await startFake({});
    const error = await unavailable(
      milvus.settings('c', { address: 'no-such-host.invalid:19530', host: 'no-such-host.invalid' }),
    );
    expect(error.failure.label).toBe('name_resolution');
  });

  test('a failed attempt leaves nothing behind that would connect later', async () => {
    const milvus = await startFake({ collections: [guide] });
    const settings = milvus.settings('articles');
    await milvus.pause();
    for (let i = 0; i < 3; i++) await unavailable(settings);
    await milvus.resume();
    // An abandoned channel would try again within 2 s: its longest pause.
    await Bun.sleep(2500);
    expect(milvus.connections).toBe(0);
  });

  test('close ends the connection', async () => {
    const milvus = await startFake({ collections: [guide] });
    const connection = await connect(milvus.settings('articles'));
    await connection.describe();
    expect(milvus.connections).toBe(1);
    await connection.close();
    await untilTrue(() => milvus.connections === 0);
  });

  test('a server that accepts and never answers', async () => {
    const milvus = await startFake({ collections: [guide] });
    milvus.faults.push({ method: 'Connect', hang: true });
    const error = await unavailable(milvus.settings('articles', { requestTimeoutMs: 300 }));
    expect(error.failure.label).toBe('grpc_deadline_exceeded');
  });

  test('a describe that is never answered ends at the deadline too', async () => {
    const milvus = await startFake({ collections: [guide] });
    const connection = await connect(milvus.settings('articles', { requestTimeoutMs: 300 }));
    milvus.faults.push({ method: 'DescribeCollection', hang: true });
    expect(await thrownBy(connection.describe())).toBeInstanceOf(MilvusUnavailable);
  });

  test.each([
    ['not ready', { status: { code: 1, error_code: 56, reason: 'service not ready[proxy=1]' } }],
    ['a proxy without a server', { http: 503 }],
    ['a dropped connection', { drop: true }],
  ])('%s', async (_, fault) => {
    for (const method of ['Connect', 'DescribeCollection']) {
      const milvus = await startFake({ collections: [guide] });
      milvus.faults.push({ method, ...fault });
      expect((await unavailable(milvus.settings('articles'))).failure.kind).toBe('retry');
    }
  });

  test('something that is no gRPC server', async () => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') });
    const milvus = await startFake({});
    const error = await unavailable(
      milvus.settings('c', { address: `127.0.0.1:${server.port}`, port: server.port! }),
    );
    expect(error.message).toContain('https://');
    expect(error.message).not.toMatch(/Resolution note|\d\d:\d\d:\d\d/);
    await server.stop(true);
  });
});

describe('TLS', () => {
  const secure = async (certificate: 'server' | 'named', more: { requestCert?: boolean } = {}) =>
    startFake({
      collections: [guide],
      tls: {
        key: await tlsText(`${certificate}.key`),
        cert: await tlsText(`${certificate}.pem`),
        ...(more.requestCert ? { ca: await tlsText('ca.pem'), requestCert: true } : {}),
      },
    });
  const works = async (milvus: FakeMilvus, overrides: Parameters<FakeMilvus['settings']>[1]) => {
    const connection = await connect(milvus.settings('articles', overrides));
    expect((await connection.describe()).fields.length).toBe(4);
    expect(
      await connection.writer.write('upsert', guideRows('articles', [1]), 1, { timeoutMs: 5000 }),
    ).toEqual({ ok: true });
  };
  const tlsCaFile = tlsFile('ca.pem');

  test("an IP address that the certificate names, with the user's authority", async () => {
    await works(await secure('server'), { tlsCaFile });
  });

  test('another name to verify', async () => {
    await works(await secure('named'), { tlsCaFile, tlsServerName: 'milvus.test' });
  });

  test('an IP address that the certificate does not name is refused', async () => {
    const milvus = await secure('named');
    const error = await unavailable(milvus.settings('articles', { tlsCaFile }));
    expect(error.failure.label).toBe('tls');
    expect(error.message).toContain('127.0.0.1');
  });

  test('a name that the certificate does not have is refused', async () => {
    const milvus = await secure('named');
    const error = await unavailable(milvus.settings('articles', { tlsCaFile, tlsServerName: 'other.test' }));
    expect(error.failure.label).toBe('tls');
    expect(error.message).toContain('other.test');
  });

  test('an unknown authority is refused, and the reason said', async () => {
    const milvus = await secure('server');
    const error = await unavailable(milvus.settings('articles'));
    expect(error.failure.label).toBe('tls');
    expect(error.failure.fix).toContain('`milvus.tls.ca.location`');
  });

  test('mutual TLS', async () => {
    const milvus = await secure('server', { requestCert: true });
    const client = { tlsCertFile: tlsFile('client.pem'), tlsKeyFile: tlsFile('client.key') };
    await works(milvus, { tlsCaFile, ...client });
    await unavailable(milvus.settings('articles', { tlsCaFile }));
  });

  test('TLS to a server without it says so', async () => {
    const milvus = await startFake({ collections: [guide] });
    const error = await unavailable(milvus.settings('articles', { tls: true }));
    expect(error.message).toContain('http://');
    expect(error.message).not.toContain('..');
  });

  test('no TLS to a server that wants it says so', async () => {
    const milvus = await secure('server');
    const error = await unavailable(milvus.settings('articles', { tls: false }));
    expect(error.message).toContain('https://');
  });

  test('a file that is not there, or not PEM, is a configuration error that names it', async () => {
    const milvus = await secure('server');
    const missing = await sinkError(milvus.settings('articles', { tlsCaFile: '/nowhere/ca.pem' }));
    expect(missing).toMatchObject({ kind: 'configuration', details: { where: '/nowhere/ca.pem' } });
    const key = { tlsCertFile: tlsFile('client.pem'), tlsKeyFile: tlsFile('README.md') };
    const broken = await sinkError(milvus.settings('articles', { tlsCaFile, ...key }));
    expect(broken.kind).toBe('configuration');
  });
});

test('a gRPC server that is no Milvus', async () => {
  const server = await GrpcServer.start({
    handle: call => ({ kind: 'error', code: GRPC.UNIMPLEMENTED, details: `unknown service ${call.method}` }),
  });
  const milvus = await startFake({});
  const error = await sinkError(milvus.settings('c', { address: server.address, port: server.port }));
  expect(error).toMatchObject({ code: 'MILVUS_UNIMPLEMENTED', kind: 'milvus' });
  await server.stop();
});

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(10);
}
