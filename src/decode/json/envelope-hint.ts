// An envelope that is read as plain JSON is a record with the fields "schema" and "payload": whoever lacks a field of it is told.
import { RecordError } from '../../errors.ts';
import type { Decoded } from '../contract.ts';

/**
 * The error with what to do about it, when a field is missing from a record that looks like an envelope; else the error
 * as it is.
 * @param decoded the record as the converter gave it
 */
export function withEnvelopeHint(error: RecordError, decoded: Decoded): RecordError {
  if (error.code !== 'ROW_FIELD_MISSING' || !looksLikeEnvelope(decoded)) return error;
  return new RecordError(error.code, error.stage, error.summary, {
    ...error.details,
    fix: 'The record looks like an envelope of schema and payload: set value.converter.schemas.enable=true',
  });
}

// --- internal ---

function looksLikeEnvelope(decoded: Decoded): boolean {
  if (decoded === null || decoded instanceof RecordError) return false;
  if (Object.keys(decoded).sort().join() !== 'payload,schema') return false;
  const { schema } = decoded;
  return schema === null || (typeof schema === 'object' && Object.hasOwn(schema as object, 'type'));
}
