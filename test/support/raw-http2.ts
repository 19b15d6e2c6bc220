// The other side of an HTTP/2 connection, by hand: it sends whatever a test wants, right or wrong, and keeps what it got.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export const TYPE = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const ACK = 1;
export const SETTING = { HEADER_TABLE_SIZE: 1, MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4 } as const;

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = EMPTY): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** Fields as literals that are neither indexed nor compressed. */
export function fields(...list: [string, string][]): Buffer {
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

export function headers(stream: number, list: [string, string][], flags = 0): Buffer {
  return frame(TYPE.HEADERS, END_HEADERS | flags, stream, fields(...list));
}

export function data(stream: number, payload: Uint8Array, flags = 0): Buffer {
  return frame(TYPE.DATA, flags, stream, payload);
}

export function settings(...pairs: [number, number][]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(TYPE.SETTINGS, 0, 0, payload);
}

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const reset = (stream: number, code: number) => frame(TYPE.RST_STREAM, 0, stream, number32(code));
export const windowUpdate = (stream: number, by: number) =>
  frame(TYPE.WINDOW_UPDATE, 0, stream, number32(by));
export const goaway = (last: number, code: number, words = '') =>
  frame(TYPE.GOAWAY, 0, 0, Buffer.concat([number32(last), number32(code), Buffer.from(words)]));

/** A message behind gRPC's head. */
export function message(body: Uint8Array, flag = 0): Buffer {
  return Buffer.concat([Buffer.of(flag), number32(body.length), body]);
}

export const RESPONSE: [string, string][] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** What a server says that is well. */
export function goodAnswer(stream: number, body: Uint8Array = Buffer.from('yes')): Buffer {
  return Buffer.concat([
    headers(stream, RESPONSE),
    data(stream, message(body)),
    headers(stream, [['grpc-status', '0']], END_STREAM),
  ]);
}

export function trailersOnly(stream: number, status: string, words: string): Buffer {
  return headers(stream, [...RESPONSE, ['grpc-status', status], ['grpc-message', words]], END_STREAM);
}

export interface RawServerOptions {
  /** What is sent first; default: SETTINGS without entries. Empty: it never says anything. */
  greeting?: Buffer;
  /** A request's last byte is there. Default: `goodAnswer`. */
  onRequest?: (connection: RawConnection, stream: number) => void;
  onConnection?: (connection: RawConnection) => void;
  /** PINGs are not answered. */
  deafToPings?: boolean;
  tls?: TlsOptions;
}

export class RawConnection {
  readonly frames: Frame[] = [];
  closed = false;
  private pending = Buffer.alloc(0);
  private greeted = false;
  constructor(
    readonly socket: Socket,
    private readonly server: RawServer,
  ) {}

  send(...bytes: Uint8Array[]): void {
    if (!this.closed) this.socket.write(Buffer.concat(bytes));
  }

  /** The request's DATA so far. */
  body(stream: number): Buffer {
    return Buffer.concat(
      this.frames.filter(f => f.type === TYPE.DATA && f.stream === stream).map(f => f.payload),
    );
  }

  count(type: number, stream?: number): number {
    return this.frames.filter(f => f.type === type && (stream === undefined || f.stream === stream)).length;
  }

  /** Streams that were begun, in order. */
  get streams(): number[] {
    return this.frames.filter(f => f.type === TYPE.HEADERS).map(f => f.stream);
  }

  receive(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    if (!this.greeted) {
      if (this.pending.length < PREFACE.length) return;
      this.pending = this.pending.subarray(PREFACE.length);
      this.greeted = true;
    }
    while (this.pending.length >= 9) {
      const length = this.pending.readUIntBE(0, 3);
      if (this.pending.length < 9 + length) return;
      const one: Frame = {
        type: this.pending[3]!,
        flags: this.pending[4]!,
        stream: this.pending.readUInt32BE(5) & 0x7fffffff,
        payload: Buffer.from(this.pending.subarray(9, 9 + length)),
      };
      this.pending = this.pending.subarray(9 + length);
      this.frames.push(one);
      this.answer(one);
    }
  }

  private answer(one: Frame): void {
    const { onRequest, deafToPings, greeting } = this.server.options;
    if (greeting?.length === 0) return;
    if (one.type === TYPE.SETTINGS && !(one.flags & ACK)) this.send(frame(TYPE.SETTINGS, ACK, 0));
    if (one.type === TYPE.PING && !(one.flags & ACK) && !deafToPings)
      this.send(frame(TYPE.PING, ACK, 0, one.payload));
    if ((one.type === TYPE.DATA || one.type === TYPE.HEADERS) && one.flags & END_STREAM) {
      if (onRequest) onRequest(this, one.stream);
      else this.send(goodAnswer(one.stream));
    }
  }
}

export class RawServer {
  readonly connections: RawConnection[] = [];
  private readonly waiters = new Set<() => void>();
  private constructor(
    private readonly server: Server,
    /** May be changed at any time. */
    readonly options: RawServerOptions,
    readonly port: number,
  ) {}

  static async start(options: RawServerOptions = {}, port = 0): Promise<RawServer> {
    const server = options.tls ? createTlsServer(options.tls) : createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const raw = new RawServer(server, options, (server.address() as AddressInfo).port);
    server.on('tlsClientError', () => {});
    server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => raw.accept(socket));
    return raw;
  }

  /** The newest. */
  get last(): RawConnection {
    return this.connections.at(-1)!;
  }

  /** Resolves as soon as it holds; looked at whenever something came. */
  async until(condition: (server: RawServer) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>(resolve => {
        const look = () => {
          this.waiters.delete(look);
          resolve();
        };
        this.waiters.add(look);
      });
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    for (const { socket } of this.connections) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const connection = new RawConnection(socket, this);
    this.connections.push(connection);
    const look = () => {
      for (const waiter of [...this.waiters]) waiter();
    };
    socket.on('error', () => {});
    socket.on('close', () => {
      connection.closed = true;
      look();
    });
    socket.on('data', (chunk: Buffer) => {
      connection.receive(chunk);
      look();
    });
    const { greeting = settings(), onConnection } = this.options;
    if (greeting.length > 0) connection.send(greeting);
    onConnection?.(connection);
    look();
  }
}

// --- internal ---

const EMPTY = new Uint8Array(0);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** HPACK's string, without Huffman. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([prefixed(bytes.length), bytes]);
}

/** HPACK's integer with a prefix of 7 bits. */
function prefixed(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
