// A Milvus in this process that keeps rows in memory and fails on request, so that every promise about failures
// can be tested in milliseconds. It decodes with protobufjs and the SDK's definitions, never with our encoder.

import {
  decodeColumn,
  describe,
  type FakeCollection,
  type FakeField,
  type FieldData,
  guideCollection,
  type Message,
  type MethodCodec,
  protocol,
  TO_OBJECT,
} from '../../scripts/stack/fake-milvus-protocol.ts';
import { GRPC, type GrpcAnswer, type GrpcCall, GrpcServer } from '../../scripts/stack/grpc-server.ts';
import type { MilvusSettings } from '../../src/milvus/client/settings.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';

export { type FakeCollection, type FakeField, guideCollection };

/** Primary key as the tests compare it: Int64 as number when safe, else bigint. */
export type FakeKey = number | bigint | string;
/** Field name → value; vectors of floats are number[], other vectors Buffer, JSON is parsed, null is null. */
export type FakeRow = Record<string, unknown>;

/** Fields of common.Status; `code` 0 and `error_code` 0 is success. */
export interface FakeStatus {
  code?: number;
  error_code?: number;
  reason?: string;
  retriable?: boolean;
  detail?: string;
  extra_info?: Record<string, string>;
}

/** One way to fail, for the next `times` calls of `method`. The first matching entry of the list is taken. */
export interface Fault {
  /** Default: Insert and Upsert. */
  method?: string;
  /** How many calls, 1 unless said otherwise. */
  times?: number;
  /** Only calls that this is true for. */
  when?: (request: FakeRequest) => boolean;
  /** Wait before anything else, ms; alone it makes a slow but good answer. */
  delayMs?: number;
  /** Nothing else before this. */
  after?: Promise<unknown>;
  /** Milvus answers, and says no. */
  status?: FakeStatus;
  grpc?: { code: number; details?: string };
  /** These bytes as the answer's message. */
  raw?: Uint8Array;
  /** A proxy's answer, e.g. 503. */
  http?: number;
  /** RST_STREAM with this HTTP/2 code. */
  reset?: number;
  /** Cuts the connection. */
  drop?: boolean;
  /** Never answers. */
  hang?: boolean;
  /** The rows of the answer's count, whatever was stored; 0 as of a server that does not count. */
  count?: number;
  /** The rows are stored although the answer is a failure: an acknowledgement that got lost. */
  applied?: boolean;
}

/** A call as it came, in the order of arrival. */
export interface FakeRequest {
  method: string;
  collection: string;
  /** ms, performance.now() at arrival. */
  at: number;
  /** Declared by the request; 0 for calls without rows. */
  rows: number;
  /** Primary keys in order; empty in an autoID collection. */
  keys: FakeKey[];
  /** Message bytes. */
  bytes: number;
  schemaTimestamp: bigint;
  metadata: Record<string, string>;
  /** How it was answered, once it is. */
  answer?: GrpcAnswer['kind'] | 'refused';
  /** The client has given it up. */
  cancelled?: true;
}

export interface FakeMilvusOptions {
  collections?: FakeCollection[];
  /** `default` is always there. */
  databases?: string[];
  /** API key or `user:password` that every call must bring. */
  token?: string;
  port?: number;
  version?: string;
  /** grpc.serverMaxRecvSize, bytes; 64 MiB as Milvus has it. */
  maxMessageBytes?: number;
  /** Refuse a request that names a primary key twice, as Milvus 2.6 does; default true. */
  refuseDuplicateKeys?: boolean;
  /** A reason makes the whole request refused as input error; undefined accepts. */
  refuseRow?: (row: FakeRow) => string | undefined;
  /** Every write takes this long, ms. */
  latencyMs?: number;
  tls?: { key: string; cert: string; ca?: string; requestCert?: boolean };
}

export class FakeMilvus {
  /** Taken from the front; push to it at any time. */
  readonly faults: Fault[] = [];
  /** All calls since the start. */
  readonly requests: FakeRequest[] = [];
  private readonly collections = new Map<string, StoredCollection>();
  private readonly waiters = new Set<() => void>();
  private server: GrpcServer | undefined;
  private boundPort = 0;
  private sequence = 0;

  private constructor(readonly options: FakeMilvusOptions) {}

  static async start(options: FakeMilvusOptions = {}): Promise<FakeMilvus> {
    const milvus = new FakeMilvus(options);
    for (const collection of options.collections ?? []) milvus.define(collection);
    milvus.boundPort = options.port ?? 0;
    await milvus.resume();
    return milvus;
  }

  get port(): number {
    return this.boundPort;
  }

  /** host:port */
  get address(): string {
    return `127.0.0.1:${this.boundPort}`;
  }

  /** Settings that reach this server. */
  settings(collection: string, overrides: Partial<MilvusSettings> = {}): MilvusSettings {
    return {
      address: this.address,
      host: '127.0.0.1',
      port: this.boundPort,
      tls: this.options.tls !== undefined,
      transport: 'native',
      token: this.options.token ?? '',
      database: 'default',
      collection,
      requestTimeoutMs: 5000,
      refusedTimeoutMs: 500,
      requestTimeoutMinMs: 5000,
      jsonMaxBytes: 65_536,
      ...overrides,
    };
  }

  /** Adds a collection, or replaces the schema of one and keeps its rows. */
  define(collection: FakeCollection): void {
    const id = storeKey(collection.database ?? 'default', collection.name);
    const rows = this.collections.get(id)?.rows ?? new Map<FakeKey, FakeRow>();
    this.collections.set(id, { definition: collection, rows });
  }

  drop(collection: string, database = 'default'): void {
    this.collections.delete(storeKey(database, collection));
  }

  /** Rows by primary key, as the last write left them. */
  rows(collection: string, database = 'default'): Map<FakeKey, FakeRow> {
    const stored = this.collections.get(storeKey(database, collection));
    if (!stored) throw new Error(`the fake Milvus has no collection ${database}.${collection}`);
    return stored.rows;
  }

  /** Insert and Upsert calls, in order of arrival. */
  get writes(): FakeRequest[] {
    return this.requests.filter(isWrite);
  }

  /** Resolves as soon as the condition holds; it is looked at after every call. */
  async until(condition: (milvus: FakeMilvus) => boolean, timeoutMs = 20_000): Promise<void> {
    if (condition(this)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(look);
        reject(new Error(`not within ${timeoutMs} ms; ${this.requests.length} calls so far: ${condition}`));
      }, timeoutMs);
      const look = () => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.waiters.delete(look);
        resolve();
      };
      this.waiters.add(look);
    });
  }

  /** Open TCP connections. */
  get connections(): number {
    return this.server?.connections ?? 0;
  }

  /** Cuts all connections; the port stays open. */
  dropConnections(): void {
    this.server?.dropConnections();
  }

  /** HTTP/2 pings of clients since the last start. */
  get pings(): number {
    return this.server?.pings ?? 0;
  }

  /** Tells its clients that they ping too often; the calls go on. */
  complainOfPings(): void {
    this.server?.complainOfPings();
  }

  /** Goes away: connections are cut and the port refuses. Rows stay. */
  async pause(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    await server?.stop();
  }

  /** Comes back on the same port. */
  async resume(): Promise<void> {
    if (this.server) return;
    this.server = await GrpcServer.start({
      port: this.boundPort,
      handle: call => this.handle(call),
      ...(this.options.tls ? { tls: this.options.tls } : {}),
    });
    this.boundPort = this.server.port;
  }

  async restart(): Promise<void> {
    await this.pause();
    await this.resume();
  }

  async stop(): Promise<void> {
    await this.pause();
  }

  // --- internal ---

  private async handle(call: GrpcCall): Promise<GrpcAnswer> {
    const at = performance.now();
    const proto = protocol();
    const codec = proto.methods.get(call.method);
    if (!codec) {
      return { kind: 'error', code: GRPC.UNIMPLEMENTED, details: `unknown method ${call.method}` };
    }
    const limit = this.options.maxMessageBytes ?? 64 << 20;
    if (call.body.length > limit) {
      // Word for word what grpc-go says.
      const details = `grpc: received message larger than max (${call.body.length} vs. ${limit})`;
      return { kind: 'error', code: GRPC.RESOURCE_EXHAUSTED, details };
    }
    const message = codec.request.toObject(codec.request.decode(call.body), TO_OBJECT) as Message;
    const request = this.describeCall(call, message, at);
    this.requests.push(request);
    call.cancelled.addEventListener('abort', () => {
      request.cancelled = true;
      this.look();
    });
    const answer = await this.answer(call, message, request, codec);
    request.answer = answer.refused ? 'refused' : answer.kind;
    queueMicrotask(() => this.look());
    return answer;
  }

  private look(): void {
    for (const look of [...this.waiters]) look();
  }

  private async answer(
    call: GrpcCall,
    message: Message,
    request: FakeRequest,
    codec: MethodCodec,
  ): Promise<GrpcAnswer & { refused?: boolean }> {
    const encode = (body: Message): GrpcAnswer => ({
      kind: 'message',
      body: codec.response.encode(codec.response.fromObject(body)).finish(),
    });
    const refuse = (status: FakeStatus) => ({
      ...encode(codec.bareStatus ? (status as Message) : { status, upsert_cnt: 0 }),
      refused: true,
    });
    const fault = this.takeFault(request);
    const delay = (fault?.delayMs ?? 0) + (isWrite(request) ? (this.options.latencyMs ?? 0) : 0);
    if (delay > 0) await new Promise(resolve => setTimeout(resolve, delay));
    await fault?.after;
    if (fault?.applied && isWrite(request)) this.apply(message, request);
    if (fault?.hang) return { kind: 'hang' };
    if (fault?.drop) return { kind: 'drop' };
    if (fault?.raw) return { kind: 'message', body: fault.raw };
    if (fault?.http !== undefined) return { kind: 'http', status: fault.http };
    if (fault?.reset !== undefined) return { kind: 'reset', code: fault.reset };
    if (fault?.grpc)
      return { kind: 'error', code: fault.grpc.code, details: fault.grpc.details ?? 'injected' };
    if (fault?.status) return refuse(fault.status);
    if (!this.authorized(call)) {
      // Milvus' proxy refuses in its interceptor, with a gRPC code and no message.
      const details = 'auth check failure, please check api key is correct';
      return { kind: 'error', code: GRPC.UNAUTHENTICATED, details };
    }
    const database = (message.db_name as string) || request.metadata.dbname || 'default';
    if (!this.databases.has(database) && call.method !== 'Connect' && call.method !== 'GetVersion') {
      return refuse({ code: 800, error_code: 1, reason: `database not found[database=${database}]` });
    }
    switch (call.method) {
      case 'Connect':
        return encode({
          status: {},
          identifier: '449',
          server_info: { build_tags: this.version, deploy_mode: 'STANDALONE', reserved: {} },
        });
      case 'GetVersion':
        return encode({ status: {}, version: this.version });
      case 'CheckHealth':
        return encode({ status: {}, isHealthy: true });
      case 'ListDatabases':
        return encode({ status: {}, db_names: [...this.databases] });
      case 'ShowCollections':
        return encode({ status: {}, collection_names: this.names(database) });
      case 'HasCollection':
        return encode({ status: {}, value: this.names(database).includes(request.collection) });
      case 'DescribeCollection': {
        const stored = this.collections.get(storeKey(database, request.collection));
        return stored ? encode(describe(stored.definition, database)) : refuse(notFound(database, request));
      }
      case 'Insert':
      case 'Upsert': {
        const refusal = this.apply(message, request, database);
        if (refusal) return refuse(refusal);
        const count = {
          [call.method === 'Upsert' ? 'upsert_cnt' : 'insert_cnt']: fault?.count ?? request.rows,
        };
        const ids = request.keys.every(key => typeof key === 'string')
          ? { str_id: { data: request.keys } }
          : { int_id: { data: request.keys.map(String) } };
        return encode({
          status: {},
          IDs: ids,
          succ_index: request.keys.map((_, i) => i),
          acknowledged: false,
          timestamp: '461',
          ...count,
        });
      }
      default:
        return { kind: 'error', code: GRPC.UNIMPLEMENTED, details: `unknown method ${call.method}` };
    }
  }

  private get version(): string {
    return this.options.version ?? 'v2.6.4';
  }

  private get databases(): Set<string> {
    return new Set(['default', ...(this.options.databases ?? [])]);
  }

  private names(database: string): string[] {
    return [...this.collections.values()]
      .filter(stored => (stored.definition.database ?? 'default') === database)
      .map(stored => stored.definition.name);
  }

  private authorized(call: GrpcCall): boolean {
    const { token } = this.options;
    if (token === undefined) return true;
    return call.headers.authorization === Buffer.from(token).toString('base64');
  }

  private takeFault(request: FakeRequest): Fault | undefined {
    const index = this.faults.findIndex(
      fault =>
        (fault.method === undefined ? isWrite(request) : fault.method === request.method) &&
        (fault.when?.(request) ?? true),
    );
    const fault = this.faults[index];
    if (!fault) return undefined;
    const left = (fault.times ?? 1) - 1;
    if (left > 0) this.faults[index] = { ...fault, times: left };
    else this.faults.splice(index, 1);
    return fault;
  }

  private describeCall(call: GrpcCall, message: Message, at: number): FakeRequest {
    const metadata: Record<string, string> = {};
    for (const [name, value] of Object.entries(call.headers)) {
      if (!name.startsWith(':')) metadata[name] = String(value);
    }
    const request: FakeRequest = {
      method: call.method,
      collection: (message.collection_name as string | undefined) ?? '',
      at,
      rows: (message.num_rows as number | undefined) ?? 0,
      keys: [],
      bytes: call.body.length,
      schemaTimestamp: BigInt((message.schema_timestamp as string | undefined) || 0),
      metadata,
    };
    const database = (message.db_name as string) || metadata.dbname || 'default';
    const stored = this.collections.get(storeKey(database, request.collection));
    const primary = stored?.definition.fields.find(field => field.primary);
    const column = ((message.fields_data as FieldData[] | undefined) ?? []).find(
      field => field.field_name === primary?.name,
    );
    if (column && primary) request.keys = decodeColumn(column, primary, request.rows) as FakeKey[];
    return request;
  }

  /** Stores the rows; a status when they are refused, and then none is stored. */
  private apply(message: Message, request: FakeRequest, database = 'default'): FakeStatus | undefined {
    const stored = this.collections.get(storeKey(database, request.collection));
    if (!stored) return notFound(database, request);
    const { definition } = stored;
    if (request.schemaTimestamp !== 0n && request.schemaTimestamp !== (definition.schemaTimestamp ?? 0n)) {
      const reason = `collection schema mismatch[collection=${request.collection}]`;
      return { code: 109, error_code: 62, reason, extra_info: { is_input_error: 'true' } };
    }
    const columns: { name: string; values: unknown[] }[] = [];
    for (const data of (message.fields_data as FieldData[] | undefined) ?? []) {
      const field = data.is_dynamic
        ? META_FIELD
        : definition.fields.find(candidate => candidate.name === data.field_name);
      if (!field) return invalid(`field ${data.field_name} is not in the schema`);
      const values = decodeColumn(data, field, request.rows);
      if (values.length !== request.rows) {
        return invalid(
          `the num_rows (${values.length}) of field (${field.name}) is not equal to passed num_rows (${request.rows})`,
        );
      }
      columns.push({ name: field.name, values });
    }
    for (const field of definition.fields) {
      const computed = field.functionOutput || field.autoId || field.nullable || field.default;
      if (!computed && !columns.some(column => column.name === field.name)) {
        return invalid(`fieldSchema(${field.name}) has no corresponding fieldData pass in`);
      }
    }
    const unique = new Set(request.keys).size === request.keys.length;
    if (!unique && request.method === 'Upsert' && (this.options.refuseDuplicateKeys ?? true)) {
      return invalid('duplicate primary keys are not allowed in the same batch');
    }
    const rows: FakeRow[] = [];
    for (let i = 0; i < request.rows; i++) {
      const row: FakeRow = {};
      for (const column of columns) row[column.name] = column.values[i];
      const reason = this.options.refuseRow?.(row);
      if (reason !== undefined) return invalid(reason);
      rows.push(row);
    }
    rows.forEach((row, i) => {
      stored.rows.set(request.keys[i] ?? ++this.sequence, row);
    });
    return undefined;
  }
}

interface StoredCollection {
  definition: FakeCollection;
  rows: Map<FakeKey, FakeRow>;
}

const storeKey = (database: string, collection: string) => `${database}\n${collection}`;
const META_FIELD: FakeField = { name: '$meta', type: DataType.JSON };
const isWrite = (request: FakeRequest) => request.method === 'Insert' || request.method === 'Upsert';

function notFound(database: string, request: FakeRequest): FakeStatus {
  const reason = `can't find collection[database=${database}][collection=${request.collection}]`;
  return { code: 100, error_code: 4, reason };
}

function invalid(reason: string): FakeStatus {
  return { code: 1100, error_code: 5, reason, detail: reason, extra_info: { is_input_error: 'true' } };
}
