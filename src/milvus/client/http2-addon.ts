// The native HTTP/2 client (src/native/http2), typed.
import type { NativeBytes } from '../../native.ts';

/** A channel to one server; an External. */
export interface NativeChannel {
  readonly nativeChannel: unique symbol;
}

export interface NativeChannelOptions {
  /** Name or IP address, without brackets. */
  host: string;
  port: number;
  /** `:authority` */
  authority: string;
  userAgent: string;
  /** Names in lower case and values in turn, sent with every call. Secret. */
  metadata: readonly string[];
  /** PEM texts, and the host name or IP address that the certificate must have. Absent: no TLS. */
  tls?: { roots: string; certificate?: string; key?: string; name: string };
  /** Silence during a call after which a ping is sent, ms; default 10 000. */
  keepaliveMs?: number;
  /** How long its answer may take, ms; default 5 000. */
  keepaliveTimeoutMs?: number;
  /** Longest attempt to connect, ms; default 20 000. */
  connectTimeoutMs?: number;
}

/** @param message of an answer with code 0, unless there was none */
export type DeliverAnswer = (id: number, code: number, details: string, message: Buffer | undefined) => void;

/** gRPC's unary calls over HTTP/2 (native/http2). None of these waits for anything. */
export interface Http2Addon {
  /**
   * Nothing is connected yet.
   * @param deliver called once for each call, with gRPC's status, in the order of the answers
   * @throws Error in OpenSSL's words when the TLS texts cannot be used
   */
  open(options: NativeChannelOptions, deliver: DeliverAnswer): NativeChannel;
  /**
   * @param id the caller's own, at most 2^53, not used before on this channel
   * @param body not to be changed until the answer is there
   * @throws Error when it has not begun: then nothing is delivered
   */
  call(
    channel: NativeChannel,
    id: number,
    path: string,
    body: Uint8Array | NativeBytes,
    timeoutMs: number,
  ): void;
  /** The server is told; the answer is code 1, unless another one is on its way already. */
  cancel(channel: NativeChannel, id: number): void;
  /** Ends the open calls with code 1, delivered later, and the connection. */
  close(channel: NativeChannel): void;
}
