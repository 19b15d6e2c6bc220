// Kafka's StringConverter, whose strings are to hold JSON objects.
import { oneOf, parsed } from '../../config/value/schema.ts';
import type { Role } from '../../record/bad-record.ts';
import { encodingOf, textDecoding } from '../../record/text.ts';
import { declareConverter } from '../contract.ts';
import { createSchemalessConverter } from '../json/schemaless.ts';

export const STRING_CONVERTER = declareConverter({
  javaClass: 'org.apache.kafka.connect.storage.StringConverter',
  options: {
    'converter.encoding': { schema: parsed(encodingOf, 'UTF-8, ISO-8859-1 or US-ASCII'), default: 'utf-8' },
    'converter.type': { schema: oneOf('key', 'value', 'header') },
  },
  value(options) {
    const encoding = options['converter.encoding'];
    const [decoding, native] = [textDecoding(encoding), encoding === 'utf-8'];
    return createSchemalessConverter({ role: VALUE, decoding, native, nullable: false });
  },
  // Any bytes are a string: Java replaces what is malformed, and the sink does not use the text.
  key: () => ({ plain: 'any', check: () => undefined }),
});

// --- internal ---

/** It takes any text: that one is no JSON is found by the sink task. */
const VALUE: Role = { side: 'value', stage: 'TASK_PUT' };
