// Records and rows in native memory: what src/native/rows offers, typed. Handles are valid as long as they are referenced.
import { type NativeBytes, nativePart } from '../native.ts';
import type { PartitionRun } from './contract.ts';
import type { KafkaRecord } from './record.ts';

declare const kind: unique symbol;
/** How the rows of a collection are read and written. */
export type PlanHandle = { readonly [kind]: 'plan' };
export type ChunkHandle = { readonly [kind]: 'chunk' };
export type QueueHandle = { readonly [kind]: 'queue' };
/** A request's bytes. */
export type BodyHandle = NativeBytes;

/** What a column has around its cells (wire/column.ts). */
export interface NativeWireColumn {
  name: string;
  type: number;
  tag: number;
  vector: boolean;
  optional: boolean;
  dynamic: boolean;
  packed: boolean;
  sparse: boolean;
  /** 0: none. */
  dim: number;
  trailer: Uint8Array;
}

export interface NativeWritePlan {
  /** Tells the rows of one plan from those of another, 32 bits. */
  id: number;
  /** Index of the primary key's column; -1: the server makes the keys. */
  key: number;
  /** Records' own keys must be JSON. */
  jsonKeys: boolean;
  columns: NativeWireColumn[];
  /** As native-plan.ts describes it; undefined: no record is read natively. */
  decode: object | undefined;
}

/** One poll's records as the native code hands them over. */
export interface NativeChunk {
  handle: ChunkHandle;
  length: number;
  /** How many of them are rows already. */
  rows: number;
  valueBytes: number;
  bytes: number;
  /** Fields that were left out of rows. */
  dropped: number;
  decodeMs: number;
  runs: PartitionRun[];
  /** Pairs: from this place on offsets follow each other, beginning with this one. */
  ranges: Float64Array;
}

/** Of a queue, filled in by most calls: indexes of FACT. */
export type Facts = Float64Array;
export const FACT = { rows: 0, taken: 1, bytes: 2, waitingRows: 3, waitingBytes: 4, heldBytes: 5, live: 6 };

/** A row's record, and how the owner of its partition knows it. */
export interface OwnedRecord {
  record: KafkaRecord;
  owner: number;
  sequence: number;
}

export interface RowsAddon {
  makePlan(plan: NativeWritePlan): PlanHandle;
  makeQueue(): QueueHandle;
  /** As a poll's; headers are left out. */
  makeChunk(records: readonly KafkaRecord[], plan: PlanHandle | null): NativeChunk;
  recordAt(chunk: ChunkHandle, place: number): KafkaRecord;
  /** Places of what is no row, in order; -1 - place of a tombstone. */
  notRows(chunk: ChunkHandle): Float64Array;
  /** Makes rows of records that were read in JavaScript. */
  adopt(
    chunk: ChunkHandle,
    plan: PlanHandle,
    places: Uint32Array,
    lengths: Uint32Array,
    bytes: Uint8Array,
  ): void;
  release(chunk: ChunkHandle): void;
  /** The chunk is the queue's from then on. @returns how many rows it has taken, none of them behind `end` */
  add(
    queue: QueueHandle,
    chunk: ChunkHandle,
    owners: Uint32Array,
    sequences: Float64Array,
    end: number,
    facts: Facts,
  ): number;
  /** @returns the batch's number; 0: there is none */
  take(queue: QueueHandle, maxRows: number, maxBytes: number, facts: Facts): number;
  finish(queue: QueueHandle, batch: number, facts: Facts): void;
  answersFor(queue: QueueHandle, batch: number): { ranges: Float64Array; times: Float64Array };
  putBack(queue: QueueHandle, batch: number, facts: Facts): void;
  halve(queue: QueueHandle, batch: number, facts: Facts, otherFacts: Facts): number;
  gone(queue: QueueHandle, owners: Uint32Array): void;
  /** @param batch 0: of what waits. @returns how many rows went */
  dropGone(queue: QueueHandle, batch: number, facts: Facts): number;
  hasGone(queue: QueueHandle, batch: number): boolean;
  isStale(queue: QueueHandle, batch: number, plan: number): boolean;
  remake(
    queue: QueueHandle,
    batch: number,
    plan: PlanHandle,
    make: (row: OwnedRecord) => { lengths: Uint32Array; bytes: Uint8Array } | undefined,
    facts: Facts,
  ): void;
  first(queue: QueueHandle, batch: number): OwnedRecord;
  dropFirst(queue: QueueHandle, batch: number, facts: Facts): void;
  encode(
    queue: QueueHandle,
    batch: number,
    plan: PlanHandle,
    head: Uint8Array,
    tail: Uint8Array,
    size: Float64Array,
  ): BodyHandle;
  bytesOf(body: BodyHandle): Buffer;
  letGo(body: BodyHandle): void;
  /** Free memory goes back to the kernel. */
  trim(): void;
}

export function nativeRows(): RowsAddon {
  return nativePart<RowsAddon>('rows');
}
