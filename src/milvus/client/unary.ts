// The data plane's contract: bytes in, bytes or a failure out. native-channel.ts and grpc-js-channel.ts keep it.
import type { NativeBytes } from '../../native.ts';
import { classifyGrpc } from './classify.ts';
import { Failure } from './failure.ts';

/** An encoded request, in JavaScript's memory or in native code's. */
export type RequestBody = Uint8Array | NativeBytes;

export interface CallOptions {
  /** The call's own deadline, ms from now; it travels with the request, so that the server may give up as well. */
  timeoutMs: number;
  /**
   * Cancels the call: the server is told (RST_STREAM), and the outcome is there at once: a failure labelled
   * `grpc_cancelled`, kind `retry`. Whether the server had applied the request by then is not known.
   */
  signal?: AbortSignal;
}

export type UnaryAnswer = { body: Buffer } | { failure: Failure };

export interface UnaryChannel {
  /**
   * One unary call; never throws.
   * @param path e.g. `/milvus.proto.milvus.MilvusService/Upsert`
   * @param body not to be changed until the answer is there
   */
  call(path: string, body: RequestBody, options: CallOptions): Promise<UnaryAnswer>;
  /** Cancels the calls that are open; later ones fail with `channel_closed`. */
  close(): void;
}

export const CANCELLED = 1; // gRPC's status code
export const CANCELLED_HERE = 'cancelled by the sink';

export function cancelled(): { failure: Failure } {
  return { failure: classifyGrpc({ code: CANCELLED, details: CANCELLED_HERE }) };
}

/** What a call ended with. @param details gRPC's words when the code is not 0 */
export function answerOf(code: number, details: string, message: Buffer | undefined): UnaryAnswer {
  if (code !== 0) return { failure: classifyGrpc({ code, details }) };
  if (message) return { body: message };
  return { failure: new Failure('retry', 'no_message', 'the answer has no message') };
}

/** A call on a channel that is closed. */
export function channelClosed(reason: string): UnaryAnswer {
  return { failure: new Failure('retry', 'channel_closed', reason) };
}
