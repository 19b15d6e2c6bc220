// Looks at the collection again when a write's answer says that it may be another one by now.
import { SinkError } from '../errors.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import { MilvusUnavailable } from '../milvus/client/unavailable.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';

/** What is known after a look: another schema, the same one, or nothing, since Milvus did not tell. */
export type Look = 'changed' | 'same' | 'unknown';

export interface CollectionWatchOptions {
  connection: Pick<MilvusConnection, 'describe'>;
  /** The schema in use. */
  current: () => CollectionSchema;
  /** Another one was found. @throws SinkError when it cannot be written */
  use: (schema: CollectionSchema) => void;
}

export class CollectionWatch {
  private looking: Promise<Look> | undefined;
  private refused: SinkError | undefined;

  constructor(private readonly options: CollectionWatchOptions) {}

  /** Why the last look was refused; undefined when it was not. It says more than a write's refusal does. */
  get refusal(): SinkError | undefined {
    return this.refused;
  }

  /**
   * Reads the schema, once for all who ask at a time.
   * @throws SinkError when the collection is there, and cannot be written as it is now
   */
  look(): Promise<Look> {
    this.looking ??= this.describe().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  // --- internal ---

  private async describe(): Promise<Look> {
    const { connection, current, use } = this.options;
    let schema: CollectionSchema;
    try {
      schema = await connection.describe();
    } catch (error) {
      // Not there, or it refuses: whoever asked waits on, and the next try finds out again.
      if (error instanceof MilvusUnavailable) return 'unknown';
      if (!(error instanceof SinkError) || error.kind !== 'milvus') throw error;
      this.refused = error;
      return 'unknown';
    }
    this.refused = undefined;
    if (Bun.deepEquals(schema, current())) return 'same';
    use(schema);
    return 'changed';
  }
}
