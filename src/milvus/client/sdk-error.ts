// What the SDK throws, in the sink's terms: a gRPC error, a response that prints as [object Object], or an Error of its own.
import { SinkError } from '../../errors.ts';
import { classifyGrpc, classifyStatus, plainDetails } from './classify.ts';
import { Failure } from './failure.ts';
import { type SdkStatus, toStatus } from './sdk-status.ts';
import type { MilvusSettings } from './settings.ts';
import { controlError, MilvusUnavailable } from './unavailable.ts';

/** What to throw in place of what the SDK threw; errors of ours are given back as they are. */
export function translate(thrown: unknown, settings: MilvusSettings): SinkError | MilvusUnavailable {
  if (thrown instanceof SinkError || thrown instanceof MilvusUnavailable) return thrown;
  return controlError(failureOf(thrown, settings), settings);
}

// --- internal ---

function failureOf(thrown: unknown, settings: MilvusSettings): Failure {
  const { code, details, status, reason } = (thrown ?? {}) as {
    code?: unknown;
    details?: unknown;
    status?: SdkStatus;
    reason?: string;
  };
  if (typeof code === 'number' && typeof details === 'string') {
    return classifyGrpc({ code, details: plainDetails(details) + schemeAdvice(details, settings) });
  }
  const response = status ?? (reason === undefined ? undefined : (thrown as SdkStatus));
  return (response && classifyStatus(toStatus(response))) ?? new Failure('unknown', 'sdk', message(thrown));
}

function schemeAdvice(details: string, settings: MilvusSettings): string {
  if (settings.tls || !/Last error: (Failed to connect|Protocol error)/.test(details)) return '';
  return ' (the server may want TLS: then write https:// in `public.endpoint`)';
}

/** The text of whatever was thrown. */
function message(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}
