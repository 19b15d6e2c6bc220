// What a failure of the control plane means: an error that ends the sink, or something to wait for.
import type { SinkError } from '../../errors.ts';
import { Failure } from './failure.ts';
import type { MilvusSettings } from './settings.ts';
import { isPlaceholder } from './token.ts';

/** Milvus does not answer, or not yet: wait and try again. Not a SinkError, since it ends nothing. */
export class MilvusUnavailable extends Error {
  constructor(
    readonly failure: Failure,
    readonly address: string,
  ) {
    super(`Milvus at ${address}: ${failure.reason}${failure.fix === '' ? '' : `. ${failure.fix}`}`);
    this.name = 'MilvusUnavailable';
  }
}

/** The error to throw: a SinkError where trying again is of no use. */
export function controlError(failure: Failure, settings: MilvusSettings): SinkError | MilvusUnavailable {
  // A request for a schema has no rows: what is refused for its content is refused for its names.
  const refused = failure.kind === 'badRow' ? new Failure('refused', failure.label, failure.reason) : failure;
  if (refused.kind !== 'refused') return new MilvusUnavailable(failure, settings.address);
  if (refused.label === 'not_authenticated' && isPlaceholder(settings.token)) {
    const { label, reason, errorCode } = refused;
    return new Failure('refused', label, reason, TOKEN_PLACEHOLDER, errorCode).error(settings.address);
  }
  return refused.error(settings.address);
}

// --- internal ---

const TOKEN_PLACEHOLDER =
  "`token` still holds the guide's asterisks: set it to your API key, or to user:password";
