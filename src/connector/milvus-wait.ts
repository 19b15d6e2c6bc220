// Milvus not being there is no error: it is asked again and again until it answers with the collection's schema.
import { backoffMs } from '../backoff.ts';
import { SinkError } from '../errors.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { Logger } from '../observe/log.ts';
import type { Waits } from '../observe/waits.ts';
import { sleep } from '../wait.ts';

export interface MilvusWaitOptions {
  /** One try. @throws SinkError when Milvus refuses, any other error when it is not there yet */
  connect: () => Promise<MilvusConnection>;
  /** host:port and the collection's name, for the log. */
  address: string;
  collection: string;
  waits: Waits;
  log: Logger;
  random: () => number;
  stop: AbortSignal;
}

/**
 * @returns undefined when it was stopped before Milvus answered
 * @throws SinkError when Milvus refuses
 */
export async function waitForMilvus(
  options: MilvusWaitOptions,
): Promise<{ connection: MilvusConnection; schema: CollectionSchema } | undefined> {
  const { connect, address, collection, waits, log, random, stop } = options;
  for (let attempt = 1; !stop.aborted; attempt++) {
    let connection: MilvusConnection | undefined;
    try {
      connection = await connect();
      const schema = await connection.describe();
      waits.end('milvus', 'Milvus', `connected to ${address}`);
      log.debug('Milvus connected', { version: connection.serverVersion, collection });
      return { connection, schema };
    } catch (error) {
      await connection?.close();
      if (error instanceof SinkError) throw error;
      // MilvusUnavailable says "Milvus at host: reason", and the line begins with "waiting for Milvus" already.
      const reason = error instanceof Error ? error.message : String(error);
      waits.begin('milvus', 'Milvus', reason.replace(/^Milvus at /, ''));
      await sleep(backoffMs(attempt, { baseMs: 200, maxMs: RECONNECT_MAX_MS, random }), stop);
    }
  }
  return undefined;
}

// --- internal ---

const RECONNECT_MAX_MS = 2000;
