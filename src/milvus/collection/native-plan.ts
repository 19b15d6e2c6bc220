// The plan of a collection as the native decoder takes it: plain data, read by PlanOf in src/native/decode/plan-of.cc.
import type { NativeKind } from '../field/contract.ts';
import { nativeJson } from '../field/json.ts';
import { META } from '../field/meta.ts';
import { cellOf } from '../wire/cells.ts';
import type { CollectionPlan } from './plan.ts';

export interface NativePlan {
  /** As many as the plan's columns, in their order. */
  readonly columns: readonly NativeColumn[];
  /** Names that are left out of rows: counted, their values only checked. */
  readonly dropped: readonly string[];
  /** Names whose records go the general way, which has something to say about them. */
  readonly declined: readonly string[];
}

export type NativeColumn = NativeKind & {
  readonly name: string;
  /** A record may lack it, or have null there. */
  readonly optional: boolean;
  /** Cell of what is sent in place of an absent value. */
  readonly fallback?: Uint8Array;
  /** `$meta`. */
  readonly dynamic?: true;
};

/**
 * @param dropped names of fields that are left out of rows, and of which the user has been told
 * @returns undefined when a column has a type that the native decoder does not read: then no record is for it
 */
export function nativePlanOf(plan: CollectionPlan, dropped: Iterable<string> = []): NativePlan | undefined {
  const columns: NativeColumn[] = [];
  for (const { schema, type, column, fallback } of plan.fields) {
    const kind = type.native?.(schema, plan.limits);
    if (!kind) return undefined;
    columns.push({
      ...kind,
      name: schema.name,
      optional: column.optional,
      ...(fallback !== undefined && { fallback: cellOf(column.codec, fallback) }),
    });
  }
  if (plan.columns.length > plan.fields.length) {
    // An object it is in any case.
    const kind = { ...nativeJson(plan.limits), objectsOnly: false };
    columns.push({ ...kind, name: META, optional: false, dynamic: true });
  }
  const told = new Set(dropped);
  return {
    columns,
    dropped: [...told],
    declined: [...plan.unwritten.keys()].filter(name => !told.has(name)),
  };
}
