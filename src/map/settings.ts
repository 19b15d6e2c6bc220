// How records become rows, as the configuration has it.
import type { WriteOperation } from '../milvus/wire/encode.ts';

export interface MapSettings {
  insertMode: WriteOperation;
  /** True when the user wrote insert.mode himself. */
  insertModeExplicit: boolean;
}
