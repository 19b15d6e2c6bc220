// Delivery takes rows and answers for each of them once; this is what it asks of those around it, and what they hear.
//
// A task calls `add` with rows in the order of their records, `release` when partitions leave, `stop` at the end, and
// hears through `RowOwner` what became of each row. Everything runs on one thread; only `release`, `stop` and the
// requests themselves take time.
import type { RecordError, SinkError } from '../errors.ts';
import type { RowPlan } from '../map/row-plan.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { Cells } from '../milvus/wire/cells.ts';
import type { RequestFrame, WriteOperation } from '../milvus/wire/request.ts';
import type { OwnedRecord } from '../record/native-rows.ts';
import type { Answers } from './row-queue.ts';

/**
 * How a batch ends, exactly once:
 * - `acknowledged`: Milvus has its rows;
 * - `withdrawn`: nothing of it is left to send, since its partitions went or its rows were rejected;
 * - `divided`: its rows go on in smaller requests;
 * - `abandoned`: it is not tried again, since the connector ends: its rows stay undone and are read again.
 */
export type BatchEnd = 'acknowledged' | 'withdrawn' | 'divided' | 'abandoned';

/**
 * Who answers for the rows. Each row that was added is acknowledged, rejected or over once it is made anew; or its partition
 * has gone (`release`), or it stays undone at a stop.
 */
export interface RowOwner {
  /** Milvus has them, or a later one of the same key. */
  acknowledged(rows: Answers): void;
  /** Milvus refuses this one for its content. */
  rejected(row: OwnedRecord, error: RecordError): void;
  /** The row's cells as the collection's present schema wants them; undefined when its record does not fit any more. */
  remake(row: OwnedRecord): Cells | undefined;
  /** What ends the connector. */
  failed(error: SinkError): void;
}

/** How rows are written, by the collection as it is now. */
export interface WritePlan {
  readonly schema: CollectionSchema;
  readonly operation: WriteOperation;
  /** Rows of a plan with another number do not fit into the same request. */
  readonly rows: RowPlan;
  readonly frame: RequestFrame;
  /**
   * Rows are made by this schema from here on.
   * @throws SinkError when the collection cannot be written at all; the plan then stays as it is
   */
  use(schema: CollectionSchema): void;
}
