// What a failed write leads to, and how long the pause before the next try is: decided here and nowhere else.

import type { Failure } from '../milvus/client/failure.ts';
import type { Signal } from './limiter.ts';
import { backoffMs, retryExpired } from './retry.ts';
import type { ErrorsSettings } from './settings.ts';

export type Verdict =
  | {
      /** Send the same rows again. */
      action: 'retry';
      pauseMs: number;
      /** What the failure says about the server's load. */
      signal: Signal;
      /** Read the collection's schema first: it may be another one. */
      describe: boolean;
      /** Nothing to tell anybody yet. */
      quiet: boolean;
    }
  /** The request is too large: send it as smaller ones, and make smaller ones from now on. */
  | { action: 'shrink' }
  /** Some row is refused for its content: find out which. */
  | { action: 'isolate' }
  /** The one row of the request is a bad record. */
  | { action: 'reject' }
  /** Trying again is of no use, or has been for too long. */
  | { action: 'end' };

/** What had happened before the failure. */
export interface Situation {
  /** Tries so far, this one included. */
  attempt: number;
  /** Rows of the request. */
  rows: number;
  /** Since the batch failed first, ms. */
  failingForMs: number;
  /** Since Milvus has been answering with nothing but refusals, ms. */
  refusedForMs: number;
  /** A write of this sink has been acknowledged before. */
  accepted: boolean;
}

export interface VerdictPolicy extends Pick<ErrorsSettings, 'retryTimeoutMs' | 'retryDelayMaxMs'> {
  /** milvus.refused.timeout.ms: how long a running sink waits for a refusal to pass; negative: for ever. */
  refusedTimeoutMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** @param failure what Milvus or gRPC answered, classified (milvus/status.ts) */
export function verdictOn(failure: Failure, situation: Situation, policy: VerdictPolicy): Verdict {
  const { attempt, rows, failingForMs } = situation;
  switch (failure.kind) {
    case 'tooLarge':
      return { action: rows > 1 ? 'shrink' : 'reject' };
    case 'badRow':
      return { action: rows > 1 ? 'isolate' : 'reject' };
    case 'refused':
      if (!mayPass(failure, situation, policy)) return { action: 'end' };
      break;
    default:
  }
  if (retryExpired(failingForMs, policy.retryTimeoutMs)) return { action: 'end' };
  const baseMs = FIRST_PAUSE_MS[failure.kind] ?? PAUSE_MS;
  return {
    action: 'retry',
    pauseMs: backoffMs(attempt, {
      baseMs,
      maxMs: Math.max(baseMs, policy.retryDelayMaxMs),
      random: policy.random,
    }),
    signal: failure.kind === 'overloaded' ? 'overloaded' : 'unavailable',
    describe: failure.kind === 'schemaChanged' || ABOUT_THE_COLLECTION.has(failure.label),
    quiet: failure.kind === 'schemaChanged' && attempt === 1,
  };
}

// --- internal ---

const PAUSE_MS = 100;
const FIRST_PAUSE_MS: { readonly [kind in Failure['kind']]?: number } = {
  // A full disk or an exhausted quota does not pass in a second, nor is a token renewed in one.
  full: 5000,
  refused: 1000,
};

/** Refusals that another schema, or a collection that is there again, may end. */
const ABOUT_THE_COLLECTION: ReadonlySet<string> = new Set([
  'collection_not_found',
  'database_not_found',
  'upsert_auto_id',
]);

/**
 * What Milvus accepted before it may accept again: a proxy answers "not authenticated" also while it cannot fetch the
 * credentials, and a collection is dropped and made again. Connecting and describing the collection have shown that
 * token and names are right; that writing is allowed only a write shows.
 */
const ACCEPTED_AT_START: ReadonlySet<string> = new Set(['not_authenticated', ...ABOUT_THE_COLLECTION]);

function mayPass(failure: Failure, situation: Situation, { refusedTimeoutMs }: VerdictPolicy): boolean {
  if (!situation.accepted && !ACCEPTED_AT_START.has(failure.label)) return false;
  return refusedTimeoutMs < 0 || situation.refusedForMs < refusedTimeoutMs;
}
