// The connection to Milvus: the SDK for the control plane (connect, describe, list), its gRPC channel for the data plane.
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { checkServerIdentity, getCACertificates } from 'node:tls';
import type { ChannelCredentials, ChannelInterface, ChannelOptions } from '@grpc/grpc-js';
import { SinkError } from '../../errors.ts';
import type { Logger } from '../../observe/log.ts';
import { type DescribedCollection, toCollectionSchema } from '../collection/describe.ts';
import type { CollectionSchema } from '../collection/schema.ts';
import { decodeMutationResult } from '../wire/mutation-result.ts';
import { toStatus } from '../wire/status.ts';
import { classifyGrpc, classifyStatus, Failure, plainDetails } from './failure.ts';
import { logGrpc } from './grpc-log.ts';
import type { MilvusSettings } from './settings.ts';
import { isPlaceholder } from './token.ts';
import { callUnary, createWriter, type UnaryWire, type Writer } from './writer.ts';

export interface MilvusConnection {
  /** As the server says it, e.g. `v2.6.4`; `unknown` from servers before 2.2.9. */
  readonly serverVersion: string;
  readonly writer: Writer;
  /**
   * Reads the collection's schema.
   * @throws SinkError of kind `milvus`: collection or database missing, no permission
   * @throws MilvusUnavailable when it is worth trying again
   */
  describe(): Promise<CollectionSchema>;
  /**
   * One small call over the data plane's channel.
   * @throws SinkError when the server refuses the token, MilvusUnavailable when it does not answer
   */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectDeps {
  log: Logger;
}

/** Milvus does not answer, or not yet: wait and try again. Not a SinkError, since it ends nothing. */
export class MilvusUnavailable extends Error {
  constructor(
    readonly failure: Failure,
    readonly address: string,
  ) {
    super(`Milvus at ${address}: ${failure.reason}${failure.fix === '' ? '' : `. ${failure.fix}`}`);
    this.name = 'MilvusUnavailable';
  }
}

/**
 * Connects once; whoever calls decides whether and when to try again.
 * @throws SinkError of kind `milvus` when the server refuses (token, database), MILVUS_TLS when a TLS file cannot be used
 * @throws MilvusUnavailable when it is worth trying again: unreachable, not ready, TLS against no TLS, bad certificate
 */
export async function connectMilvus(settings: MilvusSettings, deps: ConnectDeps): Promise<MilvusConnection> {
  const { log } = deps;
  // The SDK costs most of the start and of the memory: loaded by those who connect, not by --help.
  const [sdk, grpc] = await Promise.all([
    import('@zilliz/milvus2-sdk-node'),
    import('@grpc/grpc-js'),
    probe(settings),
  ]);
  logGrpc(grpc, log);
  const credentials = await createCredentials(settings, grpc.credentials);

  class ControlPlane extends sdk.MilvusClient {
    constructor() {
      super({
        address: settings.address,
        ssl: settings.tls,
        token: settings.token,
        database: settings.database,
        timeout: settings.requestTimeoutMs,
        maxRetries: 0,
        telemetry: { enabled: false },
        channelOptions: channelOptions(settings),
        // A pool is of no use over HTTP/2: its clients share one TCP connection anyway. Filled at the first call.
        pool: { min: 0, max: 1 },
        isGlobal: false,
        logLevel: 'error',
        __SKIP_CONNECT__: true,
      });
      // The SDK's own credentials cannot verify the certificate of an IP address, nor use the machine's roots.
      this.creds = credentials;
    }

    /** What the SDK sends with each of its calls: authorization, dbname, identifier. */
    get callMetadata(): ReadonlyMap<string, string> {
      return this.metadata;
    }

    async openChannel(): Promise<ChannelInterface> {
      const client = await this.channelPool.acquire();
      const channel = client.getChannel();
      await this.channelPool.release(client);
      return channel;
    }
  }

  const control = new ControlPlane();
  const channel = await control.openChannel();
  // Not the SDK's closeConnection: it asks a channel that it has just closed to connect again, and the channel then
  // goes on trying for ever. Nothing else of the SDK's needs to be closed: telemetry is off, its channel never connects.
  const close = async () => channel.close();
  let response: ConnectAnswer;
  try {
    control.connect(sdk.MilvusClient.sdkInfo.version);
    // Typed as void by the SDK; without fields from servers that do not know Connect.
    response = (await control.connectPromise) as unknown as ConnectAnswer;
    check(response.status, settings);
  } catch (error) {
    channel.close();
    throw translate(error, settings);
  }
  const metadata = new grpc.Metadata();
  for (const [key, value] of control.callMetadata) metadata.set(key, value);
  const wire: UnaryWire = { channel, metadata };
  const serverVersion = response.server_info?.build_tags || 'unknown';
  log.debug('connected to Milvus', { address: settings.address, version: serverVersion });

  return {
    serverVersion,
    writer: createWriter(wire, log),
    describe: () => describe(control, settings, serverVersion),
    async ping() {
      const { requestTimeoutMs: timeoutMs } = settings;
      const answer = await callUnary(GET_VERSION, EMPTY, wire, { timeoutMs });
      if ('failure' in answer) {
        // Whoever says that it does not know the call is there.
        if (answer.failure.label === 'unimplemented') return;
        raise(answer.failure, settings);
      }
      const failure = classifyStatus(decodeMutationResult(answer.body).status);
      if (failure) raise(failure, settings);
    },
    close,
  };
}

// --- internal ---

const EMPTY = Buffer.alloc(0);
const GET_VERSION = '/milvus.proto.milvus.MilvusService/GetVersion';
const TOKEN_PLACEHOLDER =
  "`token` still holds the guide's asterisks: set it to your API key, or to user:password";

interface ConnectAnswer {
  status?: Parameters<typeof toStatus>[0];
  server_info?: { build_tags?: string } | null;
}

/** The calls of the SDK that are made here. */
interface Control {
  describeCollection(request: { collection_name: string }): Promise<unknown>;
  listCollections(): Promise<{ data?: { name: string }[] }>;
  listDatabases(): Promise<{ db_names?: string[] }>;
}

/**
 * Looks for a listener before anything is built: the usual wait for a Milvus that is not there yet then costs nothing.
 * grpc-js keeps the subchannel of each channel that never got through, and it connects once more on its own.
 */
async function probe(settings: MilvusSettings): Promise<void> {
  // grpc-js goes through the proxy that these name.
  const { grpc_proxy, https_proxy, http_proxy } = process.env;
  if (grpc_proxy || https_proxy || http_proxy) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connectTcp({ host: bareHost(settings), port: settings.port });
  socket.setTimeout(settings.requestTimeoutMs, () => {
    reject(new Error(`no connection within ${settings.requestTimeoutMs} ms`));
  });
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
  } catch (error) {
    const label = /ENOTFOUND|EAI_AGAIN/.test(message(error)) ? 'name_resolution' : 'connect';
    throw new MilvusUnavailable(new Failure('retry', label, message(error)), settings.address);
  } finally {
    socket.destroy();
  }
}

function channelOptions(settings: MilvusSettings): ChannelOptions {
  return {
    // A restarted Milvus is found within two seconds; the default grows to two minutes.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    // Default 30 s: too long where a restart means a new address (Kubernetes).
    'grpc.dns_min_time_between_resolutions_ms': 2000,
    // A connection that has died without a word is found by a ping, 10 s into a call or with the first call after a
    // pause. The SDK pings when there is no call as well: gRPC servers other than Milvus' own (milvus-lite, proxies)
    // take that for an attack and cut the connection.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
    'grpc.keepalive_permit_without_calls': 0,
    // Retries are ours: with a pause, counted, and without a second copy of the request in memory.
    'grpc.enable_retries': 0,
    // Its bookkeeping of every call is for a debugging service that nobody can ask here.
    'grpc.enable_channelz': 0,
    ...(settings.tls ? { 'grpc.ssl_target_name_override': serverName(settings) } : {}),
  };
}

/**
 * Bun refuses TLS to an IP address unless a name is set, and the name must be none. An IP address is then verified
 * against the certificate by `checkServerIdentity` below.
 */
function serverName(settings: MilvusSettings): string {
  if (settings.tlsServerName) return settings.tlsServerName;
  return isIP(bareHost(settings)) === 0 ? settings.host : 'milvus';
}

const bareHost = (settings: MilvusSettings) => settings.host.replace(/^\[|\]$/g, '');

async function createCredentials(
  settings: MilvusSettings,
  factory: typeof import('@grpc/grpc-js').credentials,
): Promise<ChannelCredentials> {
  if (!settings.tls) return factory.createInsecure();
  const [ca, cert, key] = await Promise.all([
    readPem(settings.tlsCaFile),
    readPem(settings.tlsCertFile),
    readPem(settings.tlsKeyFile),
  ]);
  // Without a CA of the user's: Bun's roots and the machine's, where companies install theirs.
  const roots =
    ca ?? Buffer.from([...getCACertificates('default'), ...getCACertificates('system')].join('\n'));
  const verifiedName = settings.tlsServerName || bareHost(settings);
  try {
    return factory.createSsl(roots, key, cert, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(verifiedName, certificate),
    });
  } catch (error) {
    throw new SinkError('MILVUS_TLS', 'the TLS files for Milvus cannot be used', {
      found: message(error),
      fix: 'Check that certificate and key are PEM and belong together',
    });
  }
}

async function readPem(path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new SinkError('MILVUS_TLS', 'a TLS file for Milvus cannot be read', {
      where: path,
      found: message(error),
    });
  }
}

async function describe(
  control: Control,
  settings: MilvusSettings,
  serverVersion: string,
): Promise<CollectionSchema> {
  const { collection, database } = settings;
  let described: DescribedCollection & { status: Parameters<typeof toStatus>[0] };
  try {
    // Throws a TypeError of its own where the server does not know the call.
    described = (await control.describeCollection({ collection_name: collection })) as typeof described;
  } catch (error) {
    if (error instanceof TypeError) raise(classifyGrpc(UNIMPLEMENTED), settings);
    throw translate(error, settings);
  }
  const failure = classifyStatus(toStatus(described.status));
  if (failure?.label === 'collection_not_found') throw await collectionMissing(control, settings, failure);
  if (failure) raise(failure, settings);
  return toCollectionSchema(described, { database, collection }, serverVersion);
}

/** The SDK turns this status into an empty answer, and stumbles over that. */
const UNIMPLEMENTED = { code: 12, details: 'DescribeCollection is not known there' };

/** Says what is there instead. Milvus 2.3 calls a collection missing whose database is. */
async function collectionMissing(
  control: Control,
  settings: MilvusSettings,
  failure: Failure,
): Promise<SinkError> {
  const { collection, database } = settings;
  const databases = await control.listDatabases().then(
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
  const names = await control.listCollections().then(
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

function check(status: ConnectAnswer['status'], settings: MilvusSettings): void {
  const failure = status && classifyStatus(toStatus(status));
  if (failure) raise(failure, settings);
}

function raise(failure: Failure, settings: MilvusSettings): never {
  // A request for a schema has no rows: what is refused for its content is refused for its names.
  const final = failure.kind === 'refused' || failure.kind === 'badRow';
  if (!final) throw new MilvusUnavailable(failure, settings.address);
  const refused = failure.kind === 'badRow' ? new Failure('refused', failure.label, failure.reason) : failure;
  if (refused.label === 'not_authenticated' && isPlaceholder(settings.token)) {
    throw new Failure('refused', refused.label, refused.reason, TOKEN_PLACEHOLDER, refused.errorCode).error(
      settings.address,
    );
  }
  throw refused.error(settings.address);
}

/** What the SDK throws: a gRPC error, a response object that prints as [object Object], or an Error of its own. */
function translate(error: unknown, settings: MilvusSettings): Error {
  if (error instanceof SinkError || error instanceof MilvusUnavailable) return error;
  try {
    const thrown = (error ?? {}) as { code?: unknown; details?: unknown; status?: object; reason?: string };
    if (typeof thrown.code === 'number' && typeof thrown.details === 'string') {
      let details = plainDetails(thrown.details);
      if (!settings.tls && /Last error: (Failed to connect|Protocol error)/.test(thrown.details)) {
        details += ' (the server may want TLS: then write https:// in `public.endpoint`)';
      }
      raise(classifyGrpc({ code: thrown.code, details }), settings);
    }
    const status = thrown.status ?? (thrown.reason === undefined ? undefined : thrown);
    const failure = status && classifyStatus(toStatus(status));
    raise(failure ?? new Failure('unknown', 'sdk', message(error)), settings);
  } catch (translated) {
    return translated as Error;
  }
}

function message(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}
