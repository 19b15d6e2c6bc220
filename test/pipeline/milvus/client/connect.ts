// What the tests of this folder share: a connection that is closed afterwards, and request bytes by protobufjs.
import { join } from 'node:path';
import { protocol } from '../../../../scripts/stack/fake-milvus-protocol.ts';
import { connectMilvus, type MilvusConnection } from '../../../../src/milvus/client/connection.ts';
import type { MilvusSettings } from '../../../../src/milvus/client/settings.ts';
import type { WriteOutcome } from '../../../../src/milvus/client/writer.ts';
import { createLogger } from '../../../../src/observe/log.ts';
import { FakeMilvus, type FakeMilvusOptions } from '../../../support/fake-milvus.ts';

/** Connections: the control plane's and the data plane's. */
export const BOTH_PLANES = 2;

const open: { close(): Promise<unknown> }[] = [];

/** To be called after each test: connections first, then servers. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

export async function startFake(options: FakeMilvusOptions): Promise<FakeMilvus> {
  const milvus = await FakeMilvus.start(options);
  open.push({ close: () => milvus.stop() });
  return milvus;
}

export async function connect(settings: MilvusSettings): Promise<MilvusConnection> {
  const log = createLogger({
    level: 'error',
    format: 'text',
    now: () => new Date(),
    write: line => process.stderr.write(line),
    mask: text => text,
  });
  const connection = await connectMilvus(settings, { log });
  open.push(connection);
  return connection;
}

/** Request for the guide's collection with dimension 2. */
export function guideRows(collection: string, ids: (number | string)[], title = 't'): Buffer {
  const { request } = protocol().methods.get('Upsert')!;
  const message = request.fromObject({
    collection_name: collection,
    num_rows: ids.length,
    fields_data: [
      { type: 5, field_name: 'id', scalars: { long_data: { data: ids } } },
      { type: 21, field_name: 'title', scalars: { string_data: { data: ids.map(() => title) } } },
      {
        type: 101,
        field_name: 'title_vector',
        vectors: { dim: 2, float_vector: { data: ids.flatMap(() => [1, 2]) } },
      },
      { type: 21, field_name: 'link', scalars: { string_data: { data: ids.map(() => 'l') } } },
    ],
  });
  return Buffer.from(request.encode(message).finish());
}

export function failure(outcome: WriteOutcome): { kind: string; label: string; reason: string } {
  if (outcome.ok) throw new Error('the write was expected to fail');
  const { kind, label, reason } = outcome.failure;
  return { kind, label, reason };
}

/** Not `expect().rejects`: Bun waits for it in a nested event loop, in which grpc-js does not get on. */
export async function thrownBy(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was expected to fail');
}

export const tlsFile = (name: string) => join(import.meta.dir, '../../../support/tls', name);
export const tlsText = (name: string) => Bun.file(tlsFile(name)).text();
