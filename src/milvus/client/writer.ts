// The data plane: ready-made request bytes as a unary call on the SDK's own gRPC channel, past its encoders,
// interceptors and telemetry. What comes back is an outcome, never an exception.
import type { ChannelInterface, Metadata } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.ts';
import type { WriteOperation } from '../wire/encode.ts';
import { decodeMutationResult } from '../wire/mutation-result.ts';
import { classifyGrpc, classifyStatus, Failure } from './failure.ts';
import { RowCounts } from './row-counts.ts';

export type WriteOutcome = { ok: true } | { ok: false; failure: Failure };

export interface Writer {
  /**
   * Sends one request and waits for Milvus' answer.
   * @param body an encoded InsertRequest or UpsertRequest; not to be changed until the answer is there
   * @param rows how many rows it holds
   */
  write(operation: WriteOperation, body: Buffer, rows: number, options: CallOptions): Promise<WriteOutcome>;
}

/** The wire of a connection, shared by its calls. */
export interface UnaryWire {
  channel: ChannelInterface;
  /** Sent with every call as it is: authorization, dbname, identifier. grpc-js clones it per call. */
  metadata: Metadata;
}

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

/**
 * One unary call in grpc-js' lowest public terms. `Client.makeUnaryRequest` does the same with an interceptor chain, an
 * event emitter and a stack trace per call: 210-240 µs CPU against 150-190 µs at 200 bytes (Bun 1.4.5, 2 shared cores).
 */
export function callUnary(
  path: string,
  body: Buffer,
  wire: UnaryWire,
  { timeoutMs, signal }: CallOptions,
): Promise<UnaryAnswer> {
  if (signal?.aborted) return Promise.resolve({ failure: cancelled() });
  return new Promise(resolve => {
    let message: Buffer | undefined;
    let call: ReturnType<ChannelInterface['createCall']> | undefined;
    const answer = (result: UnaryAnswer) => {
      signal?.removeEventListener('abort', cancel);
      resolve(result);
    };
    const cancel = () => {
      call?.cancelWithStatus(CANCELLED, CANCELLED_HERE);
      answer({ failure: cancelled() });
    };
    try {
      call = wire.channel.createCall(path, Date.now() + timeoutMs, null, null, null);
      call.start(wire.metadata, {
        onReceiveMetadata: () => {},
        onReceiveMessage: (received: Buffer) => {
          message = received;
        },
        onReceiveStatus: status => {
          if (status.code !== 0) answer({ failure: classifyGrpc(status) });
          else if (message) answer({ body: message });
          else answer({ failure: new Failure('retry', 'no_message', 'the answer has no message') });
        },
      });
      call.startRead();
      call.sendMessageWithContext({}, body);
      call.halfClose();
      signal?.addEventListener('abort', cancel);
    } catch (error) {
      // A channel that is closed throws instead of failing the call.
      const reason = error instanceof Error ? error.message : String(error);
      answer({ failure: new Failure('retry', 'channel_closed', reason) });
    }
  });
}

export function createWriter(wire: UnaryWire, log: Logger): Writer {
  const counts = new RowCounts(log);
  return {
    async write(operation, body, rows, options) {
      const answer = await callUnary(PATHS[operation], body, wire, options);
      if ('failure' in answer) return { ok: false, failure: answer.failure };
      return outcome(answer.body, operation, rows, counts);
    },
  };
}

// --- internal ---

const CANCELLED = 1; // gRPC's status code
const CANCELLED_HERE = 'cancelled by the sink';

function cancelled(): Failure {
  return classifyGrpc({ code: CANCELLED, details: CANCELLED_HERE });
}

const PATHS: Record<WriteOperation, string> = {
  upsert: '/milvus.proto.milvus.MilvusService/Upsert',
  insert: '/milvus.proto.milvus.MilvusService/Insert',
};

function outcome(body: Buffer, operation: WriteOperation, rows: number, counts: RowCounts): WriteOutcome {
  let result: ReturnType<typeof decodeMutationResult>;
  try {
    result = decodeMutationResult(body);
  } catch (error) {
    const reason = `the answer cannot be read: ${(error as Error).message}`;
    return { ok: false, failure: new Failure('retry', 'bad_answer', reason) };
  }
  const failure = classifyStatus(result.status);
  if (failure) return { ok: false, failure };
  if (result.errorIndex.length > 0) {
    const reason = `rows ${result.errorIndex.slice(0, 10).join(', ')} of the request were not taken`;
    return { ok: false, failure: new Failure('badRow', 'error_index', reason) };
  }
  const short = counts.check(operation, rows, result);
  return short ? { ok: false, failure: short } : { ok: true };
}
