// A collection's schema as the sink needs it.
import type { FieldSchema } from '../field/schema.ts';

export interface CollectionSchema {
  database: string;
  collection: string;
  /** Without `$meta`, in the server's order. */
  fields: FieldSchema[];
  primary: FieldSchema;
  /** enable_dynamic_field: what the schema lacks goes into `$meta`. */
  dynamic: boolean;
  /** Server's update timestamp of the schema, sent with each request where the server knows it; 0n when absent. */
  schemaTimestamp: bigint;
  /** JSON columns take objects only: Milvus before 2.4. */
  jsonObjectsOnly?: boolean;
}
