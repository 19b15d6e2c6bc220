// What a failed write leads to, and how long the pause before the next try is: decided here and nowhere else.
import { backoffMs } from '../backoff.ts';
import type { Failure, FailureKind } from '../milvus/client/failure.ts';
import type { Signal } from './limiter.ts';
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
      /** No reason to tell anybody yet. */
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
  /** A write of the connector has been acknowledged before. */
  accepted: boolean;
}

export interface VerdictPolicy extends Pick<ErrorsSettings, 'retryTimeoutMs' | 'retryDelayMaxMs'> {
  /** milvus.refused.timeout.ms: how long a running sink waits for a refusal to pass; negative: for ever. */
  refusedTimeoutMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** @param failure what Milvus or gRPC answered, classified (milvus/client/failure.ts) */
export function verdictOn(failure: Failure, situation: Situation, policy: VerdictPolicy): Verdict {
  const { attempt, rows, failingForMs } = situation;
  const rule = RULES[failure.kind];
  if ('alone' in rule) return { action: rows > 1 ? rule.together : rule.alone };
  if (rule.mayNotPass && !mayPass(failure, situation, policy)) return { action: 'end' };
  if (retryExpired(failingForMs, policy.retryTimeoutMs)) return { action: 'end' };
  return {
    action: 'retry',
    pauseMs: backoffMs(attempt, {
      baseMs: rule.firstPauseMs,
      maxMs: Math.max(rule.firstPauseMs, policy.retryDelayMaxMs),
      random: policy.random,
    }),
    signal: rule.signal,
    describe: failure.kind === 'schemaChanged' || ABOUT_THE_COLLECTION.has(failure.label),
    quiet: failure.kind === 'schemaChanged' && attempt === 1,
  };
}

// --- internal ---

type Rule =
  /** Tried again after a pause that doubles; `mayNotPass`: for a bounded time only, and not always. */
  | { firstPauseMs: number; signal: Signal; mayNotPass?: true }
  /** Never tried again as it is. */
  | { alone: 'reject'; together: 'shrink' | 'isolate' };

const RULES: Readonly<Record<FailureKind, Rule>> = {
  retry: { firstPauseMs: 100, signal: 'unavailable' },
  overloaded: { firstPauseMs: 100, signal: 'overloaded' },
  schemaChanged: { firstPauseMs: 100, signal: 'unavailable' },
  unknown: { firstPauseMs: 100, signal: 'unavailable' },
  // A full disk or an exhausted quota does not pass in a second, nor is a token renewed in one.
  full: { firstPauseMs: 5000, signal: 'unavailable' },
  refused: { firstPauseMs: 1000, signal: 'unavailable', mayNotPass: true },
  tooLarge: { alone: 'reject', together: 'shrink' },
  badRow: { alone: 'reject', together: 'isolate' },
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

/** `errors.retry.timeout`: 0 and negative mean for ever, as Connect repeats a RetriableException of a sink's put. */
function retryExpired(failingForMs: number, retryTimeoutMs: number): boolean {
  return retryTimeoutMs > 0 && failingForMs >= retryTimeoutMs;
}
