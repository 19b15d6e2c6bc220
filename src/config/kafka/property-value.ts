// Text → a value of the type that a librdkafka property has, and that type in words.

/** What a property takes. */
export type PropertyType =
  | { kind: 'int' | 'float'; min: number; max: number }
  | { kind: 'bool' }
  | { kind: 'enum' | 'flags'; words: readonly string[] }
  | { kind: 'text' };

/**
 * The value; undefined when the text is none.
 * @param java a number above the range, but one that Java's clients take, becomes the highest
 */
export function readProperty(
  type: PropertyType,
  text: string,
  java: boolean,
): string | number | boolean | undefined {
  switch (type.kind) {
    case 'int':
    case 'float': {
      if (!(type.kind === 'int' ? /^[+-]?\d{1,19}$/ : /^[+-]?\d+(\.\d+)?$/).test(text)) return undefined;
      const number = Number(text);
      if (number < type.min) return undefined;
      if (number <= type.max) return number;
      return java && number <= JAVA_INT_MAX ? type.max : undefined;
    }
    case 'bool':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined;
    case 'enum':
      return type.words.find(word => word.toLowerCase() === text.toLowerCase());
    case 'flags':
      return text.split(',').every(flag => type.words.includes(flag.trim())) ? text : undefined;
    case 'text':
      return text;
  }
}

/** What a property takes, in words. */
export function describeType(type: PropertyType): string {
  switch (type.kind) {
    case 'int':
      return `an integer ${type.min} to ${type.max}`;
    case 'float':
      return `a number ${type.min} to ${type.max}`;
    case 'bool':
      return 'true or false';
    case 'enum':
      return `one of ${type.words.join(', ')}`;
    case 'flags':
      return `some of ${type.words.join(', ')}, with commas between`;
    case 'text':
      return 'text';
  }
}

// --- internal ---

const JAVA_INT_MAX = 2147483647;
