// milvus.proto's InsertRequest and UpsertRequest around their columns, the same message for both operations. It names no
// partition: the server chooses, by the partition key or its default.
import { MAX_HEAD_BYTES } from './arrays.ts';
import { utf8Length, WireWriter } from './writer.ts';

export type WriteOperation = 'upsert' | 'insert';

export interface WriteTarget {
  database: string;
  collection: string;
  /** CollectionSchema.schemaTimestamp: a newer schema on the server refuses the request. 0n or absent: not sent. */
  schemaTimestamp?: bigint;
}

/** The fields of a request that are the same for all of a collection, before its columns and behind num_rows. */
export interface RequestFrame {
  head: Uint8Array;
  tail: Uint8Array;
}

export function requestFrame({ database, collection, schemaTimestamp = 0n }: WriteTarget): RequestFrame {
  const head = new WireWriter(SMALL_BYTES);
  text(head, 0x12, database);
  text(head, 0x1a, collection);
  const tail = new WireWriter(SMALL_BYTES);
  if (schemaTimestamp !== 0n) {
    tail.reserve(1 + 10);
    tail.byte(0x40);
    tail.int64(schemaTimestamp);
  }
  return { head: head.written, tail: tail.written };
}

// --- internal ---

const SMALL_BYTES = 64;

function text(writer: WireWriter, tag: number, value: string): void {
  const length = utf8Length(value);
  if (length === 0) return;
  writer.reserve(MAX_HEAD_BYTES + length);
  writer.head(tag, length);
  writer.text(value, length);
}
