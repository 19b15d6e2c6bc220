// Asks Milvus for the collection's schema, and when it is not there, what is there instead.
import { SinkError } from '../../errors.ts';
import { type DescribedCollection, toCollectionSchema } from '../collection/described.ts';
import type { CollectionSchema } from '../collection/schema.ts';
import { classifyGrpc, classifyStatus } from './classify.ts';
import type { Failure } from './failure.ts';
import { translate } from './sdk-error.ts';
import { type SdkStatus, toStatus } from './sdk-status.ts';
import type { MilvusSettings } from './settings.ts';
import { controlError } from './unavailable.ts';

/** The calls of the SDK that are made here. */
export interface CollectionCalls {
  describeCollection(request: { collection_name: string }): Promise<unknown>;
  listCollections(): Promise<{ data?: { name: string }[] }>;
  listDatabases(): Promise<{ db_names?: string[] }>;
}

/**
 * @param serverVersion as Connect gave it
 * @throws SinkError of kind `milvus`: collection or database missing, no permission
 * @throws MilvusUnavailable when it is worth trying again
 */
export async function describeCollection(
  calls: CollectionCalls,
  settings: MilvusSettings,
  serverVersion: string,
): Promise<CollectionSchema> {
  const { collection, database } = settings;
  let described: DescribedCollection & { status: SdkStatus };
  try {
    // Throws a TypeError of its own where the server does not know the call.
    described = (await calls.describeCollection({ collection_name: collection })) as typeof described;
  } catch (error) {
    if (error instanceof TypeError) throw controlError(classifyGrpc(UNIMPLEMENTED), settings);
    throw translate(error, settings);
  }
  const failure = classifyStatus(toStatus(described.status));
  if (failure?.label === 'collection_not_found') throw await collectionMissing(calls, settings, failure);
  if (failure) throw controlError(failure, settings);
  return toCollectionSchema(described, { database, collection }, serverVersion);
}

// --- internal ---

/** The SDK turns this status into an empty answer, and stumbles over that. */
const UNIMPLEMENTED = { code: 12, details: 'DescribeCollection is not known there' };

/** Says what is there instead. Milvus 2.3 calls a collection missing whose database is. */
async function collectionMissing(
  calls: CollectionCalls,
  settings: MilvusSettings,
  failure: Failure,
): Promise<SinkError> {
  const { collection, database } = settings;
  const databases = await calls.listDatabases().then(
    (r): string[] => r.db_names ?? [],
    (): string[] => [],
  );
  if (databases.length > 0 && !databases.includes(database)) {
    return new SinkError('MILVUS_DATABASE_MISSING', `database ${quote(database)} does not exist`, {
      where: settings.address,
      found: list('databases', databases),
      fix: 'Create it, or correct `database.name`',
    });
  }
  const names = await calls.listCollections().then(
    r => (r.data ?? []).map(c => c.name),
    () => undefined,
  );
  return new SinkError('MILVUS_COLLECTION_MISSING', `collection ${quote(collection)} does not exist`, {
    where: `${settings.address}, database ${quote(database)}`,
    ...(names === undefined ? {} : { found: list('collections', names) }),
    fix: failure.fix,
  });
}

const MAX_NAMES = 10;
const quote = (name: string) => JSON.stringify(name);

function list(what: string, names: string[]): string {
  if (names.length === 0) return `no ${what}`;
  const more = names.length - MAX_NAMES;
  return `${what} ${names.toSorted().slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
