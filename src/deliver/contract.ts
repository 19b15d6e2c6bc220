// Delivery takes rows and answers for each of them once; this is what it asks of those around it, and what they hear.
//
// A task calls `add` with rows in the order of their records, `release` when partitions leave, `stop` at the end, and
// hears through `RowOwner` what became of each row. Everything runs on one thread; only `release`, `stop` and the
// requests themselves take time.
import type { RecordError, SinkError } from '../errors.ts';
import type { PrimaryKey, Row } from '../map/row.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { Column } from '../milvus/wire/column.ts';
import type { WriteOperation } from '../milvus/wire/encode.ts';

/** What the batcher knows of a row. */
export interface Batchable {
  /** Rows of one key keep their order; undefined: the row has none, and any order will do. */
  readonly key: PrimaryKey;
  /** Of the encoded row, about. */
  readonly bytes: number;
}

/**
 * How a batch ends, exactly once:
 * - `acknowledged`: Milvus has its rows;
 * - `withdrawn`: nothing of it is left to send, since its partitions went or its rows were rejected;
 * - `divided`: its rows go on in smaller requests;
 * - `abandoned`: it is not tried again, since the connector ends: its rows stay undone and are read again.
 */
export type BatchEnd = 'acknowledged' | 'withdrawn' | 'divided' | 'abandoned';

/** Who answers for the rows. Each row that was added ends in exactly one of the first three, or stays undone at a stop. */
export interface RowOwner<R extends Row> {
  /** Milvus has them, or a later one of the same key. */
  acknowledged(rows: readonly R[]): void;
  /** Their partition has gone: they stay undone. */
  dropped(rows: readonly R[]): void;
  /** Milvus refuses this one for its content. */
  rejected(row: R, error: RecordError): void;
  /** The row as the collection's present schema wants it; undefined when its record does not fit any more. */
  remap(row: R): R | undefined;
  /** True when the row's partition is not ours any more. */
  gone(row: R): boolean;
  /** What ends the connector. */
  failed(error: SinkError): void;
}

/** How rows are written, by the collection as it is now. */
export interface WritePlan {
  readonly schema: CollectionSchema;
  readonly operation: WriteOperation;
  /** The very array that rows of this plan have: rows of another one do not fit into the same request. */
  readonly columns: readonly Column[];
  /**
   * Rows are made by this schema from here on.
   * @throws SinkError when the collection cannot be written at all; the plan then stays as it is
   */
  use(schema: CollectionSchema): void;
}
