// Meanings of single values as valibot schemas: text in, typed value out, with words for what is allowed.
import * as v from 'valibot';

/** Text → T; its description says what is allowed. */
export type ValueSchema<T> = v.GenericSchema<string, T>;

/** What a schema allows, for errors and the key table. */
export function allowed(schema: ValueSchema<unknown>): string {
  return v.getDescription(schema) ?? '';
}

/** Any text, white space around it cut off (as Kafka's ConfigDef does). */
export function text(description = 'text'): ValueSchema<string> {
  return v.pipe(v.string(), v.trim(), v.description(description));
}

export function nonEmpty(description = 'text, not empty'): ValueSchema<string> {
  return v.pipe(v.string(), v.trim(), v.minLength(1), v.description(description));
}

/** A decimal integer in the range; beyond 2^53 (Java's long) the nearest double. */
export function integer(
  min: number,
  max: number,
  words = `an integer ${min} to ${max}`,
): ValueSchema<number> {
  return v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^[+-]?\d{1,19}$/),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
    v.description(words),
  );
}

/** `true` or `false`, in any case (ConfigDef's rule). */
export function boolean(): ValueSchema<boolean> {
  return v.pipe(
    v.string(),
    v.trim(),
    v.toLowerCase(),
    v.picklist(['true', 'false']),
    v.transform(value => value === 'true'),
    v.description('true or false'),
  );
}

/** One of the words, compared without case; gives the word as listed. */
export function oneOf<const T extends string>(...words: T[]): ValueSchema<T> {
  return v.pipe(
    v.string(),
    v.trim(),
    v.transform(value => words.find(word => word.toLowerCase() === value.toLowerCase())),
    v.picklist(words),
    v.description(words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`),
  );
}

/** Comma-separated, empty items left out. */
export function list(description: string): ValueSchema<string[]> {
  return v.pipe(
    v.string(),
    v.transform(value =>
      value
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== ''),
    ),
    v.description(description),
  );
}

/** A schema of a parser that returns a value, or undefined when the text is not one. */
export function parsed<T>(parse: (value: string) => T | undefined, description: string): ValueSchema<T> {
  return v.pipe(
    v.string(),
    v.trim(),
    v.transform(parse),
    v.custom<T>(value => value !== undefined),
    v.description(description),
  );
}
