// How records become rows, as the configuration has it.
import type { WriteOperation } from '../milvus/wire/request.ts';

export interface MapSettings {
  insertMode: WriteOperation;
  /** True when the user wrote insert.mode himself. */
  insertModeExplicit: boolean;
}
