// The data plane: ready-made request bytes go out as a unary call. What comes back is an outcome, never an exception.
import type { Logger } from '../../observe/log.ts';
import { decodeMutationResult, type MutationResult } from '../wire/mutation-result.ts';
import type { WriteOperation } from '../wire/request.ts';
import { classifyStatus } from './classify.ts';
import { Failure } from './failure.ts';
import { RowCounts } from './row-counts.ts';
import type { CallOptions, RequestBody, UnaryChannel } from './unary.ts';

export type WriteOutcome = { ok: true } | { ok: false; failure: Failure };

export interface Writer {
  /**
   * Sends one request and waits for Milvus' answer.
   * @param body an encoded InsertRequest or UpsertRequest; it may be let go of once the answer is there
   * @param rows how many rows it holds
   */
  write(
    operation: WriteOperation,
    body: RequestBody,
    rows: number,
    options: CallOptions,
  ): Promise<WriteOutcome>;
}

export function createWriter(channel: UnaryChannel, log: Logger): Writer {
  const counts = new RowCounts(log);
  return {
    async write(operation, body, rows, options) {
      const answer = await channel.call(PATHS[operation], body, options);
      if ('failure' in answer) return { ok: false, failure: answer.failure };
      return outcome(answer.body, operation, rows, counts);
    },
  };
}

// --- internal ---

const PATHS: Record<WriteOperation, string> = {
  upsert: '/milvus.proto.milvus.MilvusService/Upsert',
  insert: '/milvus.proto.milvus.MilvusService/Insert',
};

function outcome(body: Buffer, operation: WriteOperation, rows: number, counts: RowCounts): WriteOutcome {
  let result: MutationResult;
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
