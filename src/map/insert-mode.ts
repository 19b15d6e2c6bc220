// Which operation a collection is written with: the sink and `validate --connect` decide it in one place.
import { SinkError } from '../errors.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { WriteOperation } from '../milvus/wire/request.ts';
import type { MapSettings } from './settings.ts';

/**
 * An upsert into an autoID collection needs the old key and gives a new one: insert is what a sink wants there.
 * @throws SinkError INSERT_MODE_AUTOID when the user wrote `upsert` himself
 */
export function chooseInsertMode(
  schema: CollectionSchema,
  { insertMode, insertModeExplicit }: MapSettings,
): WriteOperation {
  if (!schema.primary.autoId || insertMode === 'insert') return insertMode;
  if (!insertModeExplicit) return 'insert';
  throw new SinkError(
    'INSERT_MODE_AUTOID',
    `collection ${schema.collection} gives its keys itself (autoID): an upsert would not find the old row`,
    {
      expected: 'insert.mode=insert',
      found: 'insert.mode=upsert',
      fix: 'Remove insert.mode, or set it to insert',
    },
  );
}
