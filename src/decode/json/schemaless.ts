// JSON objects as they are: JsonConverter without schemas, and StringConverter whose strings hold JSON.

import { RecordError } from '../../errors.ts';
import type { Role } from '../../record/bad-record.ts';
import type { Precision, RowObject } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import type { TextDecoding } from '../../record/text.ts';
import type { Decoded, LocalConverter, VectorHint } from '../contract.ts';
import { loadVectors } from './addon.ts';
import { withEnvelopeHint } from './envelope-hint.ts';
import { asRow, isBlank, parseJson, reviverFor, setOwn } from './json.ts';
import { createVectorDecoder, type ExactInteger, type VectorDecoder } from './vectors.ts';

export interface SchemalessOptions {
  role: Role;
  decoding: TextDecoding;
  /** The texts are UTF-8, which is what the native decoder reads. */
  native: boolean;
  /** Blank text and JSON's null are a tombstone, as JsonConverter has it; else they are refused. */
  nullable: boolean;
}

/** A converter of texts that hold one JSON object each. */
export function createSchemalessConverter(options: SchemalessOptions): LocalConverter {
  let hints: readonly VectorHint[] = [];
  let vectors: VectorDecoder | undefined;
  // The integers beyond ±(2^53-1) of the last poll's rows, and the rows, so that decodeExact need not decode again.
  const rowOf = new Map<KafkaRecord, { row: RowObject; integers: ExactInteger[] }>();

  const useNative = (also: boolean) => {
    const components = hints.reduce((sum, hint) => sum + hint.dim, 0);
    if (options.native && (also || components >= NATIVE_MIN_COMPONENTS)) {
      vectors = createVectorDecoder(loadVectors(), hints);
    } else vectors = undefined;
  };

  const decodeNatively = (decoder: VectorDecoder, records: readonly KafkaRecord[]): Decoded[] => {
    const texts: Buffer[] = [];
    const indexes: number[] = [];
    for (let i = 0; i < records.length; i++) {
      const { value } = records[i]!;
      if (value === null) continue;
      texts.push(value);
      indexes.push(i);
    }
    const rows = new Array<RowObject | undefined>(texts.length).fill(undefined);
    const exact = new Map<number, ExactInteger[]>();
    decoder.decode(texts, rows, exact);
    const decoded = new Array<Decoded>(records.length).fill(null);
    for (let i = 0; i < texts.length; i++) {
      const index = indexes[i]!;
      decoded[index] = rows[i] ?? decodeOne(records[index]!, options);
    }
    for (const [i, integers] of exact) rowOf.set(records[indexes[i]!]!, { row: rows[i]!, integers });
    return decoded;
  };

  /** The reviver is called for each number: vectors are taken out before, where that can be done. */
  const decodeSources = (record: KafkaRecord): Decoded => {
    if (!vectors) useNative(true);
    const row = record.value === null ? undefined : vectors?.decodeSources(record.value);
    return row ?? decodeOne(record, options, 'sources');
  };

  const decode = (records: readonly KafkaRecord[]): Decoded[] => {
    rowOf.clear();
    return vectors ? decodeNatively(vectors, records) : records.map(record => decodeOne(record, options));
  };

  return {
    ...(options.native && { plainJson: true }),
    expect(expected) {
      hints = [...expected];
      useNative(false);
    },
    decode,
    redecode: record => decode([record])[0]!,
    explain: withEnvelopeHint,
    decodeExact(record, precision) {
      if (precision === 'sources') return decodeSources(record);
      const known = rowOf.get(record);
      if (known) {
        rowOf.delete(record);
        for (const { holder, name, value } of known.integers) setOwn(holder, name, value);
        return known.row;
      }
      // Where one record has long integers (ids often do) the next ones have them: from now on they are found at once.
      if (!vectors) useNative(true);
      return decodeOne(record, options, 'integers');
    },
  };
}

// --- internal ---

/** Below, JSON.parse of the whole text is as fast (scripts/benchmark/decode.ts). */
const NATIVE_MIN_COMPONENTS = 24;

function decodeOne(
  record: KafkaRecord,
  options: SchemalessOptions,
  precision: Precision = 'nearest',
): Decoded {
  const { decoding, role } = options;
  if (record.value === null) return null;
  const text = decoding.decode(record.value, record, role);
  if (text instanceof RecordError) return text;
  if (options.nullable && isBlank(text)) return null;
  const parsed = parseJson(record.value, text, record, role, decoding, reviverFor(precision));
  if (parsed instanceof RecordError) return parsed;
  if (parsed.value === null && !options.nullable) return asRow(undefined, record);
  return asRow(parsed.value, record);
}
