// Rows as they go out: from checked values, or from a chunk, to the bytes of a request.
import { type Owners, RowQueue } from '../../src/deliver/row-queue.ts';
import { makeRowPlan, nextPlanId, type RowPlan } from '../../src/map/row-plan.ts';
import type { CollectionPlan } from '../../src/milvus/collection/plan.ts';
import { cellsOf } from '../../src/milvus/wire/cells.ts';
import { requestFrame, type WriteTarget } from '../../src/milvus/wire/request.ts';
import { Chunk } from '../../src/record/chunk.ts';
import { nativeRows } from '../../src/record/native-rows.ts';
import { RECORD } from './rows.ts';

/** A chunk whose records are these rows, made in JavaScript. */
export function chunkOf(
  plan: RowPlan,
  columns: CollectionPlan['columns'],
  rows: readonly (readonly unknown[])[],
): Chunk {
  const chunk = Chunk.of(rows.map((_, offset) => ({ ...RECORD, offset })));
  chunk.adopt(plan.handle, [...rows.keys()], cellsOf(columns, rows));
  return chunk;
}

/** All rows of a chunk, of an owner who numbers them from 0 on. */
export function ownedBy(chunk: Chunk, owner: number): Owners {
  return {
    owners: Uint32Array.from(chunk.runs, () => owner),
    sequences: Float64Array.from(chunk.runs, run => run.start),
  };
}

/** The bytes of a request with these rows, each the checked values of the plan's columns. */
export function encodedRequest(
  target: WriteTarget,
  plan: CollectionPlan,
  rows: readonly (readonly unknown[])[],
): Buffer {
  const rowPlan = makeRowPlan(nextPlanId(), plan, { keys: undefined, dropped: [] });
  return encodedChunk(target, rowPlan, chunkOf(rowPlan, plan.columns, rows));
}

/** The bytes of a request with all rows of a chunk. */
export function encodedChunk(target: WriteTarget, plan: RowPlan, chunk: Chunk): Buffer {
  const queue = new RowQueue();
  queue.add(chunk, ownedBy(chunk, 1), chunk.length);
  const batch = queue.take(1e9, 1e12)!;
  const { body } = queue.encode(batch, plan.handle, requestFrame(target));
  return nativeRows().bytesOf(body);
}
