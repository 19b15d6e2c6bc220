// A unary gRPC server on plain HTTP/2: small enough to break on purpose (hang, reset, 503, dropped connection) and
// cheap enough to count rows for a benchmark.

import http2 from 'node:http2';
import { type AddressInfo, isIP, type Socket } from 'node:net';

export const GRPC = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export interface GrpcCall {
  /** Last part of the path, e.g. `Upsert`. */
  method: string;
  headers: http2.IncomingHttpHeaders;
  /** The message, without gRPC's five byte prefix. */
  body: Buffer;
  /** Bytes on the wire, prefix included. */
  size: number;
  /** Aborted when the client gives the call up before its answer. */
  cancelled: AbortSignal;
}

/** What a call is answered with. */
export type GrpcAnswer =
  | { kind: 'message'; body: Uint8Array }
  | { kind: 'error'; code: number; details: string }
  /** A proxy's answer: no gRPC at all. */
  | { kind: 'http'; status: number }
  /** RST_STREAM with this HTTP/2 error code. */
  | { kind: 'reset'; code: number }
  /** The TCP connection is cut without a word. */
  | { kind: 'drop' }
  /** Never answered. */
  | { kind: 'hang' };

export interface GrpcServerOptions {
  /** 0 or unset: any free port. */
  port?: number;
  host?: string;
  tls?: { key: string; cert: string; ca?: string; requestCert?: boolean };
  handle: (call: GrpcCall) => GrpcAnswer | Promise<GrpcAnswer>;
}

export class GrpcServer {
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Set<http2.Http2Session>();
  /** PING frames of clients so far. */
  pings = 0;
  private constructor(
    private readonly server: http2.Http2Server,
    readonly host: string,
    readonly port: number,
  ) {}

  static async start(options: GrpcServerOptions): Promise<GrpcServer> {
    const host = options.host ?? '127.0.0.1';
    // Larger than any message: Bun's HTTP/2 server does not reopen the window of a stream that has used it up.
    const settings = { initialWindowSize: 1 << 30, maxConcurrentStreams: 1000 };
    const server = options.tls
      ? http2.createSecureServer({
          settings,
          key: options.tls.key,
          cert: options.tls.cert,
          ALPNProtocols: ['h2'],
          ...(options.tls.ca ? { ca: options.tls.ca } : {}),
          ...(options.tls.requestCert ? { requestCert: true, rejectUnauthorized: true } : {}),
        })
      : http2.createServer({ settings });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, host, resolve);
    });
    const grpc = new GrpcServer(server, host, (server.address() as AddressInfo).port);
    server.on('connection', (socket: Socket) => {
      grpc.sockets.add(socket);
      socket.on('close', () => grpc.sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('session', session => {
      session.on('error', () => {});
      session.on('ping', () => grpc.pings++);
      grpc.sessions.add(session);
      session.on('close', () => grpc.sessions.delete(session));
      session.setLocalWindowSize?.(1 << 30);
    });
    // Handshakes that fail are the client's to report.
    server.on('sessionError', () => {});
    server.on('tlsClientError', () => {});
    server.on('stream', (stream, headers) =>
      receive(stream as http2.ServerHttp2Stream, headers, options.handle, () => grpc.dropConnections()),
    );
    return grpc;
  }

  get address(): string {
    return `${isIP(this.host) === 6 ? `[${this.host}]` : this.host}:${this.port}`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Cuts every connection at once; the port stays open. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** What gRPC servers say to a client that pings more often than they allow, before they cut the connection. */
  complainOfPings(): void {
    const { NGHTTP2_ENHANCE_YOUR_CALM: code } = http2.constants;
    for (const session of this.sessions) session.goaway(code, 0, Buffer.from('too_many_pings'));
  }

  /** Closes the port and cuts every connection. */
  async stop(): Promise<void> {
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    this.dropConnections();
    await closed;
  }
}

// --- internal ---

function receive(
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  handle: GrpcServerOptions['handle'],
  drop: () => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const cancel = new AbortController();
  stream.on('error', () => {});
  stream.on('aborted', () => cancel.abort());
  stream.on('close', () => {
    if (stream.rstCode === http2.constants.NGHTTP2_CANCEL) cancel.abort();
  });
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  stream.on('end', async () => {
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
    const method = String(headers[':path']).split('/').pop()!;
    let answer: GrpcAnswer;
    try {
      answer = await handle({ method, headers, body: whole.subarray(5), size, cancelled: cancel.signal });
    } catch (error) {
      answer = { kind: 'error', code: GRPC.UNKNOWN, details: String(error) };
    }
    if (!stream.destroyed) send(stream, answer, drop);
  });
}

function send(stream: http2.ServerHttp2Stream, answer: GrpcAnswer, drop: () => void): void {
  switch (answer.kind) {
    case 'message': {
      const frame = Buffer.allocUnsafe(5 + answer.body.length);
      frame[0] = 0;
      frame.writeUInt32BE(answer.body.length, 1);
      frame.set(answer.body, 5);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(frame);
      return;
    }
    case 'error':
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc+proto',
          'grpc-status': String(answer.code),
          'grpc-message': encodeURI(answer.details),
        },
        { endStream: true },
      );
      return;
    case 'http':
      stream.respond({ ':status': answer.status, 'content-type': 'text/html' });
      stream.end('<html>from a proxy</html>');
      return;
    case 'reset':
      // Bun puts an empty DATA frame before its RST_STREAM, which HTTP/2 allows behind HEADERS only.
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' });
      stream.close(answer.code);
      return;
    case 'drop':
      drop();
      return;
    case 'hang':
      return;
  }
}
