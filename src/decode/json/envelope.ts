// JsonConverter with schemas.enable=true: {"schema": …, "payload": …}, the payload converted by its schema.

import { RecordError } from '../../errors.ts';
import { badRecord, kindOf, type Role } from '../../record/bad-record.ts';
import type { Precision } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import { textDecoding } from '../../record/text.ts';
import type { Decoded, KeyConverter, LocalConverter } from '../contract.ts';
import { type CompiledSchema, compileSchema, SchemaMismatch } from './connect-schema.ts';
import { asRow, isBlank, MAX_DEPTH, parseJson, reviverFor, withinDepth } from './json.ts';

export interface EnvelopeSettings {
  replaceNullWithDefault: boolean;
}

/** Values in envelopes; vectors are read by JSON.parse. */
export function createEnvelopeConverter(settings: EnvelopeSettings, role: Role): LocalConverter {
  const read = createEnvelopeReader(settings, role);
  const decodeOne = (record: KafkaRecord, precision: Precision): Decoded => {
    if (record.value === null) return null;
    const payload = read(record.value, record, precision);
    return payload instanceof RecordError ? payload : asRow(payload.value, record);
  };
  return {
    expect: () => undefined,
    decode: records => records.map(record => decodeOne(record, 'nearest')),
    redecode: record => decodeOne(record, 'nearest'),
    decodeExact: (record, precision) => decodeOne(record, precision),
  };
}

/** Keys in envelopes: checked by converting them. */
export function createEnvelopeKeyConverter(settings: EnvelopeSettings, role: Role): KeyConverter {
  const read = createEnvelopeReader(settings, role);
  return {
    check(record) {
      if (record.key === null || record.key === undefined) return undefined;
      const payload = read(record.key, record, 'nearest');
      return payload instanceof RecordError ? payload : undefined;
    },
  };
}

// --- internal ---

type Read = (bytes: Buffer, record: KafkaRecord, precision: Precision) => { value: unknown } | RecordError;

/** `{"schema":…,"payload":` of an earlier record, and its schema; null: the payload is schemaless. */
interface KnownHead {
  text: string;
  schema: CompiledSchema | null;
}

const MAX_HEADS = 32;
const MAX_HEAD_LENGTH = 64 * 1024;
const EXPECTED = 'an object with "schema" and "payload" and nothing else';

/** Most records of a topic begin with the same schema text: it is read and compiled once. */
function createEnvelopeReader(settings: EnvelopeSettings, role: Role): Read {
  const decoding = textDecoding('utf-8');
  const heads: KnownHead[] = [];

  const convert = (
    schema: CompiledSchema | null,
    payload: unknown,
    record: KafkaRecord,
    precision: Precision,
  ) => {
    try {
      return { value: schema ? schema.convert(payload, { exact: precision !== 'nearest' }) : payload };
    } catch (error) {
      return mismatch(error, record, role);
    }
  };

  const compiled = (schema: unknown, record: KafkaRecord): CompiledSchema | null | RecordError => {
    if (schema === null) return null;
    try {
      return compileSchema(schema, settings);
    } catch (error) {
      return mismatch(error, record, role);
    }
  };

  return (bytes, record, precision) => {
    const text = decoding.decode(bytes, record, role);
    if (text instanceof RecordError) return text;
    const head = knownHead(heads, text);
    const rest = head && payloadAfter(head, text, precision);
    if (rest) return convert(head.schema, rest.value, record, precision);

    if (isBlank(text)) return notEnvelope('nothing', record, role);
    const parsed = parseJson(bytes, text, record, role, decoding);
    if (parsed instanceof RecordError) return parsed;
    const found = envelopeFault(parsed.value);
    if (found) return notEnvelope(found, record, role);
    const envelope = parsed.value as { schema: unknown; payload: unknown };
    const schema = compiled(envelope.schema, record);
    if (schema instanceof RecordError) return schema;
    knowHead(heads, text, settings);
    const reviver = payloadReviver(schema, precision);
    if (!reviver) return convert(schema, envelope.payload, record, precision);
    const again = parseJson(bytes, text, record, role, decoding, reviver);
    if (again instanceof RecordError) return again;
    return convert(schema, (again.value as { payload: unknown }).payload, record, precision);
  };
}

/** A schema says what its numbers are, so that their texts matter to Decimals alone. */
function payloadReviver(schema: CompiledSchema | null, precision: Precision) {
  if (schema?.decimals) return reviverFor('sources');
  return reviverFor(schema && precision === 'sources' ? 'integers' : precision);
}

function knownHead(heads: KnownHead[], text: string): KnownHead | undefined {
  const index = heads.findIndex(head => text.startsWith(head.text));
  if (index > 0) heads.unshift(...heads.splice(index, 1));
  return index < 0 ? undefined : heads[0];
}

/**
 * The payload of a text that begins with a known head: undefined unless one JSON value and `}` follow it, in which
 * case the whole is a valid envelope, since head and `0}` are.
 */
function payloadAfter(head: KnownHead, text: string, precision: Precision): { value: unknown } | undefined {
  const end = text.lastIndexOf('}');
  if (end < head.text.length || !isBlank(text.slice(end + 1))) return undefined;
  const payload = text.slice(head.text.length, end);
  const reviver = payloadReviver(head.schema, precision) as Parameters<typeof JSON.parse>[1];
  try {
    const value: unknown = JSON.parse(payload, reviver);
    return payload.length > 2 * MAX_DEPTH && !withinDepth(value, MAX_DEPTH - 1) ? undefined : { value };
  } catch {
    return undefined;
  }
}

/** Finds the head of a valid envelope whose schema comes first, by trying. */
function knowHead(heads: KnownHead[], text: string, settings: EnvelopeSettings): void {
  for (
    let at = text.indexOf(PAYLOAD), tries = 0;
    at >= 0 && tries < 4;
    at = text.indexOf(PAYLOAD, at + 1), tries++
  ) {
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= MAX_HEAD_LENGTH) return;
    if (!isBlank(text.slice(at + PAYLOAD.length, colon))) continue;
    const head = text.slice(0, colon + 1);
    try {
      const probe = JSON.parse(`${head}0}`) as Record<string, unknown>;
      if (envelopeFault(probe) || probe.payload !== 0 || heads.some(known => known.text === head)) continue;
      // The head's own schema: a second "schema" after the payload would win over it, in that record only.
      heads.unshift({
        text: head,
        schema: probe.schema === null ? null : compileSchema(probe.schema, settings),
      });
      heads.length = Math.min(heads.length, MAX_HEADS);
      return;
    } catch {
      // Not a head: `"payload"` stood inside the schema.
    }
  }
}

const PAYLOAD = '"payload"';

/** What is wrong with a value as an envelope; undefined when nothing is. */
function envelopeFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return kindOf(value);
  if (!Object.hasOwn(value, 'schema')) return 'no "schema"';
  if (!Object.hasOwn(value, 'payload')) return 'no "payload"';
  return Object.keys(value).length === 2 ? undefined : 'other fields as well';
}

function notEnvelope(found: string, record: KafkaRecord, role: Role): RecordError {
  return badRecord('RECORD_ENVELOPE', role, record, 'is no envelope of schema and payload', {
    expected: EXPECTED,
    found,
    fix: `For plain JSON set ${role.side}.converter.schemas.enable=false`,
  });
}

function mismatch(error: unknown, record: KafkaRecord, role: Role): RecordError {
  if (!(error instanceof SchemaMismatch)) throw error;
  return badRecord('RECORD_SCHEMA', role, record, `does not match its schema at ${error.path}`, {
    expected: error.expected,
    found: error.found,
  });
}
