// Kafka's JsonConverter: plain JSON, or envelopes of schema and payload.
import { boolean, integer, oneOf, text } from '../../config/value/schema.ts';
import type { Role } from '../../record/bad-record.ts';
import { textDecoding } from '../../record/text.ts';
import { declareConverter } from '../contract.ts';
import { createEnvelopeConverter, createEnvelopeKeyConverter } from './envelope.ts';
import { createJsonKeyConverter } from './json-key.ts';
import { createSchemalessConverter } from './schemaless.ts';

export const JSON_CONVERTER = declareConverter({
  javaClass: 'org.apache.kafka.connect.json.JsonConverter',
  options: {
    'schemas.enable': { schema: boolean(), default: true },
    'replace.null.with.default': { schema: boolean(), default: true },
    // How Kafka Connect would write a Decimal: a reader takes both forms.
    'decimal.format': { schema: oneOf('BASE64', 'NUMERIC') },
    // How many compiled schemas it keeps: here as many as a topic has, within bounds of their own.
    'schemas.cache.size': { schema: integer(0, 2147483647) },
    'converter.type': { schema: oneOf('key', 'value', 'header') },
    'schema.content': { schema: text(), later: 'a fixed schema' },
  },
  value(options) {
    if (options['schemas.enable']) return createEnvelopeConverter(envelopeSettings(options), VALUE);
    const decoding = textDecoding('utf-8');
    return createSchemalessConverter({ role: VALUE, decoding, native: true, nullable: true });
  },
  key: options =>
    options['schemas.enable']
      ? createEnvelopeKeyConverter(envelopeSettings(options), KEY)
      : createJsonKeyConverter(KEY),
});

// --- internal ---

const VALUE: Role = { side: 'value', stage: 'VALUE_CONVERTER' };
const KEY: Role = { side: 'key', stage: 'KEY_CONVERTER' };

function envelopeSettings(options: { readonly 'replace.null.with.default': boolean }) {
  return { replaceNullWithDefault: options['replace.null.with.default'] };
}
