// Connect's schemas as JsonConverter writes them: a schema is compiled once into the conversion of its values.

import { kindOf } from '../../record/bad-record.ts';
import { bigIntegerOf, MAX_SCALE, parseDecimal, toInteger } from '../../record/decimal.ts';
import {
  DateValue,
  DecimalValue,
  type EpochValue,
  MS_PER_DAY,
  NumberText,
  TimestampValue,
  TimeValue,
  TypedValue,
} from '../../record/typed.ts';
import { setOwn } from './json.ts';

/** How values are to be read; the same for a whole record. */
export interface Conversion {
  /** Integers beyond ±(2^53-1) stay bigint; else they become the nearest number, which the mapper notices. */
  exact: boolean;
}

/** JSON value → row value. @throws SchemaMismatch */
export type Convert = (value: unknown, conversion: Conversion) => unknown;

export interface CompiledSchema {
  convert: Convert;
  /** A Decimal occurs: numbers must be read with all their digits. */
  decimals: boolean;
}

/** A schema that is none (`schema`), or a value that does not fit it (`payload`); names the place, never the value. */
export class SchemaMismatch extends Error {
  constructor(
    readonly path: string,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${path}: expected ${expected}, found ${found}`);
  }
}

/**
 * Compiles a schema by the rules of Kafka Connect's JsonConverter (4.x), with these of our own:
 * - A value of another type is refused, where Connect would truncate an integer or take 0, false or an empty list.
 * - Date, Time and Timestamp become the TypedValue of that name: the number that they are, with its kind.
 * - Decimal becomes a DecimalValue, from base64 or from a number.
 * - `bytes` of a column become a Buffer; deeper inside (where only a JSON column can take them) they stay base64.
 * - A map whose keys are no strings becomes an object with the keys' text.
 *
 * @param schema the envelope's `schema`, not null
 * @throws SchemaMismatch
 */
export function compileSchema(schema: unknown, options: { replaceNullWithDefault: boolean }): CompiledSchema {
  const compiled = { decimals: false };
  const convert = compile(schema, 'payload', 0);
  return { convert, decimals: compiled.decimals };

  function compile(node: unknown, path: string, level: number): Convert {
    if (!isObject(node) || typeof node.type !== 'string') {
      throw new SchemaMismatch(
        schemaPath(path),
        'an object with a "type"',
        kindOf(isObject(node) ? node.type : node),
      );
    }
    const read = compileType(node, path, level);
    const optional = node.optional === true;
    // Connect takes the default itself by the schema's own conversion.
    const given = node.default !== undefined && node.default !== null;
    const fallback = given && options.replaceNullWithDefault;
    if (given) read(node.default, { exact: true });
    return (value, conversion) => {
      if (value !== undefined && value !== null) return read(value, conversion);
      if (fallback) return read(node.default, conversion);
      if (optional) return null;
      throw new SchemaMismatch(path, `${node.type}, which is required`, value === null ? 'null' : 'nothing');
    };
  }

  function compileType(node: Schema, path: string, level: number): Convert {
    switch (node.type) {
      case 'struct':
        return struct(node, path, level);
      case 'array': {
        const item = compile(node.items, `${path}[]`, level + 1);
        return (value, conversion) => {
          if (!Array.isArray(value)) throw new SchemaMismatch(path, 'an array', kindOf(value));
          const items = new Array<unknown>(value.length);
          for (let i = 0; i < value.length; i++) items[i] = item(value[i], conversion);
          return items;
        };
      }
      case 'map':
        return map(node, path, level);
      case 'bytes':
        if (node.name === 'org.apache.kafka.connect.data.Decimal') {
          compiled.decimals = true;
          return decimal(scaleOf(node, path), path);
        }
        return bytes(path, level <= 1);
      default: {
        const scalar = Object.hasOwn(SCALARS, node.type) ? SCALARS[node.type]!(path) : undefined;
        if (!scalar) throw new SchemaMismatch(schemaPath(path), "one of Connect's types", 'another type');
        return logical(node, scalar, path);
      }
    }
  }

  function struct(node: Schema, path: string, level: number): Convert {
    if (!Array.isArray(node.fields))
      throw new SchemaMismatch(schemaPath(path), '"fields" with an array', kindOf(node.fields));
    const names = new Set<string>();
    const fields = node.fields.map((field: unknown) => {
      const name = isObject(field) ? field.field : undefined;
      if (typeof name !== 'string')
        throw new SchemaMismatch(schemaPath(path), 'fields with a "field" name', kindOf(name));
      if (names.has(name)) throw new SchemaMismatch(schemaPath(path), 'each field once', `${name} twice`);
      names.add(name);
      return { name, convert: compile(field, `${path}.${name}`, level + 1) };
    });
    return (value, conversion) => {
      if (!isObject(value)) throw new SchemaMismatch(path, 'an object', kindOf(value));
      const row = {};
      for (const { name, convert } of fields) {
        setOwn(row, name, convert(Object.hasOwn(value, name) ? value[name] : undefined, conversion));
      }
      return row;
    };
  }

  function map(node: Schema, path: string, level: number): Convert {
    // Keys are data and must not be named: all values of a map share one place.
    const key = compile(node.keys, `${path}{key}`, level + 1);
    const item = compile(node.values, `${path}{}`, level + 1);
    const strings = isObject(node.keys) && node.keys.type === 'string';
    return (value, conversion) => {
      const result = {};
      if (strings) {
        if (!isObject(value)) throw new SchemaMismatch(path, 'an object', kindOf(value));
        for (const name of Object.keys(value)) setOwn(result, name, item(value[name], conversion));
        return result;
      }
      if (!Array.isArray(value))
        throw new SchemaMismatch(path, 'an array of [key, value] pairs', kindOf(value));
      for (const entry of value) {
        if (!Array.isArray(entry) || entry.length !== 2)
          throw new SchemaMismatch(path, 'pairs [key, value]', kindOf(entry));
        const name = key(entry[0], { exact: true });
        const text =
          name instanceof TypedValue ? name.json : typeof name === 'object' ? undefined : String(name);
        if (text === undefined) throw new SchemaMismatch(`${path}{key}`, 'a scalar as a key', kindOf(name));
        setOwn(result, text, item(entry[1], conversion));
      }
      return result;
    };
  }
}

// --- internal ---

interface Schema {
  type: string;
  [key: string]: unknown;
}

const SCALARS: Record<string, (path: string) => Convert> = {
  boolean: path => value => {
    if (typeof value !== 'boolean') throw new SchemaMismatch(path, 'a boolean', kindOf(value));
    return value;
  },
  string: path => value => {
    if (typeof value !== 'string') throw new SchemaMismatch(path, 'a string', kindOf(value));
    return value;
  },
  int8: path => integer(path, 'int8', 7n),
  int16: path => integer(path, 'int16', 15n),
  int32: path => integer(path, 'int32', 31n),
  int64: path => integer(path, 'int64', 63n),
  float: path => floating(path, 'float', Math.fround),
  double: path => floating(path, 'double', x => x),
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Far more than any database's decimals; Java would take more, at a quadratic price. */
const MAX_DECIMAL_BYTES = 1024;

function isObject(value: unknown): value is Schema {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
  );
}

function schemaPath(path: string): string {
  return `the schema of ${path}`;
}

function integer(path: string, type: string, bits: bigint): Convert {
  const limit = Number(2n ** bits);
  return (given, { exact }) => {
    const value = given instanceof NumberText ? integerOf(given) : given;
    if (typeof value === 'number') {
      // A number beyond 2^53 may stand for another: at the very limit it is the exact reading that decides.
      if (
        Number.isInteger(value) &&
        value >= -limit &&
        (value < limit || (bits > 53n && !exact && value === limit))
      )
        return value;
      throw new SchemaMismatch(
        path,
        type,
        Number.isInteger(value) ? 'an integer out of its range' : 'a fraction',
      );
    }
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(Number(bits) + 1, value) !== value)
        throw new SchemaMismatch(path, type, 'an integer out of its range');
      return exact ? value : Number(value);
    }
    throw new SchemaMismatch(path, type, kindOf(value));
  };
}

/** `7.0` and `1e3` are integers as well, with all their digits; a fraction stays one. */
function integerOf(number: NumberText): number | bigint {
  const decimal = parseDecimal(number.text);
  return (decimal && toInteger(decimal)) ?? Number.NaN;
}

function floating(path: string, type: string, round: (x: number) => number): Convert {
  return value => {
    const number =
      value instanceof NumberText ? Number(value.text) : typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number') throw new SchemaMismatch(path, type, kindOf(value));
    if (!Number.isFinite(round(number))) throw new SchemaMismatch(path, type, 'a number out of its range');
    // As written, not rounded to a float's digits: 0.1 stays 0.1 for a Double or JSON column.
    return number;
  };
}

/** A number that may have lost digits stays bare: whoever needs them asks for the record to be read again. */
function logical(node: Schema, convert: Convert, path: string): Convert {
  const Kind = typeof node.name === 'string' && LOGICAL.get(node.name);
  if (!Kind || !node.type.startsWith('int')) return convert;
  return (value, conversion) => {
    const epoch = convert(value, conversion) as number | bigint;
    // Connect checks this one's range; the others' are their integers'.
    if (Kind === TimeValue && !(epoch >= 0 && epoch <= MS_PER_DAY)) {
      throw new SchemaMismatch(path, `ms since midnight, 0 to ${MS_PER_DAY}`, 'another number');
    }
    return typeof epoch === 'number' && !Number.isSafeInteger(epoch) ? epoch : new Kind(epoch);
  };
}

const LOGICAL = new Map<string, new (epoch: number | bigint) => EpochValue>([
  ['org.apache.kafka.connect.data.Date', DateValue],
  ['org.apache.kafka.connect.data.Time', TimeValue],
  ['org.apache.kafka.connect.data.Timestamp', TimestampValue],
]);
function bytes(path: string, column: boolean): Convert {
  return value => {
    if (typeof value !== 'string') throw new SchemaMismatch(path, 'bytes in base64', kindOf(value));
    if (!BASE64.test(value)) throw new SchemaMismatch(path, 'bytes in base64', 'a string that is not base64');
    return column ? Buffer.from(value, 'base64') : value;
  };
}

function scaleOf(node: Schema, path: string): number {
  const text = isObject(node.parameters) ? node.parameters.scale : undefined;
  const scale = typeof text === 'string' && /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(scale) <= MAX_SCALE) return scale;
  throw new SchemaMismatch(
    schemaPath(path),
    `"parameters" with a "scale" within ±${MAX_SCALE}`,
    'another one',
  );
}

function decimal(scale: number, path: string): Convert {
  const expected = 'a Decimal, as a number or as bytes in base64';
  const unscaled = bytes(path, true);
  return (value, conversion) => {
    if (typeof value === 'string') {
      const integer = unscaled(value, conversion) as Buffer;
      if (integer.length === 0 || integer.length > MAX_DECIMAL_BYTES) {
        throw new SchemaMismatch(
          path,
          `1 to ${MAX_DECIMAL_BYTES} bytes of an integer`,
          `${integer.length} bytes`,
        );
      }
      return new DecimalValue({ unscaled: bigIntegerOf(integer), scale });
    }
    // Written as a number, it has the decimals that it is written with (Jackson's decimalValue).
    const source =
      value instanceof NumberText
        ? value.text
        : typeof value === 'bigint' || typeof value === 'number'
          ? String(value)
          : undefined;
    const parsed = source === undefined ? undefined : parseDecimal(source);
    if (!parsed) throw new SchemaMismatch(path, expected, kindOf(value));
    return new DecimalValue(parsed);
  };
}
