// A field of a collection as the sink needs it.
import { type DataType, nameOf } from '../wire/data-type.ts';

export interface FieldSchema {
  name: string;
  /** Also a number that is none of DataType, from a newer server. */
  type: DataType;
  primary: boolean;
  autoId: boolean;
  nullable: boolean;
  hasDefault: boolean;
  /**
   * The default of a Bool, number or VarChar field as describe tells it (Int64 may be a decimal string). When it is known,
   * absent values are sent as it: Milvus before 2.5 cannot take a batch in which only some rows have the field.
   */
  defaultValue?: boolean | number | bigint | string;
  partitionKey: boolean;
  /** Computed by a function of the collection (BM25, text embedding): never sent. */
  functionOutput: boolean;
  /** Dense vectors: number of components (bits for BinaryVector). */
  dim?: number;
  /** VarChar, and VarChar elements: bytes. */
  maxLength?: number;
  /** Array only. */
  elementType?: DataType;
  maxCapacity?: number;
}

/** The type's name for messages, with that of an array's elements; registry.ts' notationOf has its parameters too. */
export function typeName(field: Pick<FieldSchema, 'type' | 'elementType'>): string {
  const name = nameOf(field.type);
  return field.elementType === undefined ? name : `${name} of ${nameOf(field.elementType)}`;
}

/** A field with nothing special about it, for the caller to add to. */
export function plainField(name: string, type: DataType): FieldSchema {
  return {
    name,
    type,
    primary: false,
    autoId: false,
    nullable: false,
    hasDefault: false,
    partitionKey: false,
    functionOutput: false,
  };
}
