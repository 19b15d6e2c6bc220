// The plan of a collection as the native code holds it: what reads plain records into rows, and what writes rows.
import { nativePlanOf } from '../milvus/collection/native-plan.ts';
import type { CollectionPlan } from '../milvus/collection/plan.ts';
import { type NativeWireColumn, nativeRows, type PlanHandle } from '../record/native-rows.ts';

export interface RowPlan {
  /** Rows of plans with the same number fit into the same request. */
  readonly id: number;
  readonly handle: PlanHandle;
}

export interface RowPlanOptions {
  /** What keys of records are checked for; undefined: no record is read natively. */
  keys: 'any' | 'json' | undefined;
  /** Names of fields that are left out of rows, and of which the user has been told. */
  dropped: Iterable<string>;
}

/** @param id of the collection's schema as it is now */
export function makeRowPlan(id: number, plan: CollectionPlan, { keys, dropped }: RowPlanOptions): RowPlan {
  const handle = nativeRows().makePlan({
    id,
    key: plan.fields.findIndex(field => field.schema.primary),
    jsonKeys: keys === 'json',
    columns: plan.columns.map(
      ({ name, type, optional, dynamic, codec }): NativeWireColumn => ({
        ...{ name, type, optional, dynamic },
        tag: codec.tag,
        vector: codec.vector,
        packed: codec.packed === true,
        sparse: codec.sparse === true,
        dim: codec.dim ?? 0,
        trailer: codec.trailer ?? NOTHING,
      }),
    ),
    decode: keys && nativePlanOf(plan, dropped),
  });
  return { id, handle };
}

let last = 0;

/** A number that no plan of this process has had. */
export function nextPlanId(): number {
  last = (last + 1) % 0xffff_ffff;
  return last;
}

// --- internal ---

const NOTHING = new Uint8Array(0);
