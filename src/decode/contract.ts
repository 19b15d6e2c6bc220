// What a converter is: how the configuration names it, what it can be told, and what it makes of a record's bytes.
import type { ValueSchema } from '../config/value/schema.ts';
import type { RecordError } from '../errors.ts';
import type { Precision, RowObject } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';

/** null is a tombstone; an error stands for this record alone. */
export type Decoded = RowObject | null | RecordError;

/** A FloatVector field of the collection: worth reading natively when it is long. */
export interface VectorHint {
  name: string;
  /** Components. */
  dim: number;
}

/**
 * Reads the values of one task's records; made when the task's collection is known. It may keep what it learns from
 * one poll to the next, and is called by its task alone: first `expect`, then for each poll `decode`, whose answer
 * is waited for before the next, and `decodeExact` for those of its records that the collection needs exactly.
 */
export interface ValueConverter {
  /** Values are JSON objects in UTF-8, no value is a tombstone: what is plainly right may be read natively instead. */
  readonly plainJson?: true;
  /** Tells which vector fields the collection has; called again when the schema changes. */
  expect(vectors: readonly VectorHint[]): void;
  /**
   * Decodes the values of one poll: as many results, in the same order. Never throws for a bad record. Answers with a
   * promise when somebody has to be asked first, e.g. a registry for a schema.
   */
  decode(records: readonly KafkaRecord[]): Decoded[] | Promise<Decoded[]>;
  /** Decodes one that was decoded before, without asking anybody. */
  redecode(record: KafkaRecord): Decoded;
  /**
   * Decodes one record again, with its numbers as exact as `precision` says. For a record of the last poll it may do so
   * in the row that `decode` gave.
   */
  decodeExact(record: KafkaRecord, precision: Exclude<Precision, 'nearest'>): Decoded;
  /**
   * Says more of an error that a later stage found in what this converter gave, where its own options may be the cause.
   * @returns the error to be used instead
   */
  explain?(error: RecordError, decoded: Decoded): RecordError;
}

/** One that asks nobody. */
export interface LocalConverter extends ValueConverter {
  decode(records: readonly KafkaRecord[]): Decoded[];
}

/** Reads the keys of one task's records, each once, before its value is looked at. */
export interface KeyConverter {
  /** What keys are checked for, where the native code knows it as well: nothing, or that they are JSON. */
  readonly plain?: 'any' | 'json';
  /** Checks that the key is what the converter reads, as Connect does; the error if it is not. Never throws. */
  check(record: KafkaRecord): RecordError | undefined;
}

/**
 * One converter, declared in its own folder and listed in registry.ts. The configuration finds it by its class, reads
 * the options by their schemas and refuses what they do not allow; decoding makes it with the values. Both use this
 * and know no converter by name.
 */
export interface ConverterDeclaration<O extends ConverterOptions = ConverterOptions> {
  /** The class that names it in Kafka Connect. Its simple name does as well, also without `Converter` at its end. */
  javaClass: string;
  /** What may stand behind `value.converter.` (or `key.converter.`), by its name. */
  options: O;
  value(options: OptionValues<O>): ValueConverter;
  key(options: OptionValues<O>): KeyConverter;
}

export interface ConverterOption<T = unknown> {
  schema: ValueSchema<T>;
  /** Its value when it is not set; absent: none. */
  default?: T;
  /** A feature of a later release: until then the option may only be empty, and is refused by this name. */
  later?: string;
}

export type ConverterOptions = Readonly<Record<string, ConverterOption>>;

/** The options' values by their names, defaults filled in. */
export type OptionValues<O extends ConverterOptions> = {
  readonly [K in keyof O]: O[K] extends { schema: ValueSchema<infer T>; default: unknown }
    ? Exclude<T, undefined>
    : unknown;
};

/** Declares a converter; its options' values have their types in `value` and `key`. */
export function declareConverter<const O extends ConverterOptions>(
  declaration: ConverterDeclaration<O>,
): ConverterDeclaration {
  return declaration;
}
