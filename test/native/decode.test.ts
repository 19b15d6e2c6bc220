// Plain JSON read natively: the same rows as the general way gives, and nothing that it would refuse.
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CollectionCase, schemaOf } from '../../scripts/fuzzing/collection.ts';
import { createComparison } from '../../scripts/fuzzing/differential.ts';
import { type Failure, fuzz } from '../../scripts/fuzzing/run.ts';
import { createJsonKeyConverter } from '../../src/decode/json/json-key.ts';
import { ABSENT, loadDecode } from '../../src/decode/native.ts';
import { nativePlanOf } from '../../src/milvus/collection/native-plan.ts';
import { planCollection } from '../../src/milvus/collection/plan.ts';
import type { FieldSchema } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import { field, ID, RECORD } from '../support/rows.ts';

const CORPUS = join(import.meta.dir, 'decode-corpus.jsonl');

function collectionOf(fields: FieldSchema[], more: Partial<CollectionCase> = {}): CollectionCase {
  const all = fields.some(one => one.primary) ? fields : [ID, ...fields];
  return { fields: all, dynamic: false, jsonObjectsOnly: false, jsonMaxBytes: 65_536, dropped: [], ...more };
}

type Text = string | Uint8Array;

/** What becomes of a text; fails where it is not what the general way makes of it. */
function taken(collection: CollectionCase, text: Text): boolean {
  const bytes = Buffer.from(text as string);
  const [seen] = createComparison(collection)([bytes]);
  expect(seen!.different).toBeUndefined();
  return seen!.native;
}

/** Of one field beside the key: what is declined is for the general way to take or to refuse. */
function takes(one: FieldSchema, ...values: Text[]): boolean[] {
  const collection = collectionOf([one]);
  return values.map(value =>
    taken(
      collection,
      Buffer.concat([Buffer.from(`{"id":1,"${one.name}":`), Buffer.from(value as string), Buffer.from('}')]),
    ),
  );
}

const arrayOf = (elementType: DataType, maxCapacity?: number) =>
  field('a', DataType.Array, { elementType, ...(maxCapacity !== undefined && { maxCapacity }) });

const SPARSE = field('s', DataType.SparseFloatVector);

const many = (item: string, count = 1000) => `[${Array(count).fill(item).join()}]`;

const all = (answer: boolean, answers: boolean[]) => expect(answers).toEqual(answers.map(() => answer));

const GUIDE = collectionOf([
  field('title', DataType.VarChar, { maxLength: 512 }),
  field('title_vector', DataType.FloatVector, { dim: 8 }),
  field('link', DataType.VarChar, { maxLength: 512 }),
]);
const GUIDE_TEXT =
  '{"id":1,"title":"The Reported Mortality Rate of Coronavirus Is Not Important","title_vector":' +
  '[0.041732933,0.013779674,-0.027564144,-0.013061441,0.009748648,0.00082446384,-0.00071647146,0.048612226],' +
  '"link":"https://medium.com/swlh/the-reported-mortality-rate-of-coronavirus-is-not-important-369989c8d912"}';

describe('what producers send every day is read natively', () => {
  test('the records of the guide, compact, as Python writes them and over several lines', () => {
    for (const spaces of [undefined, 2]) {
      expect(taken(GUIDE, JSON.stringify(JSON.parse(GUIDE_TEXT), null, spaces))).toBe(true);
    }
    expect(taken(GUIDE, GUIDE_TEXT.replaceAll(',"', ', "').replaceAll('":', '": '))).toBe(true);
    expect(taken(GUIDE, ` \r\n\t${GUIDE_TEXT}\n`)).toBe(true);
  });

  test('fields in any order', () => {
    const members = Object.entries(JSON.parse(GUIDE_TEXT) as object);
    expect(taken(GUIDE, JSON.stringify(Object.fromEntries(members.toReversed())))).toBe(true);
  });

  test('text with escapes, and in every script', () => {
    const text = field('t', DataType.VarChar);
    all(
      true,
      takes(
        text,
        '""',
        '"\\n\\t\\"\\\\\\/\\b\\f\\r"',
        '"\\u00e9\\u4E2D\\ud83d\\ude00"',
        '"é中😀\u007f\u2028"',
        '"\\u0000"',
      ),
    );
  });

  test('integers, with all their digits', () => {
    all(true, takes(field('n', DataType.Int8), '-128', '127', '0'));
    all(true, takes(field('n', DataType.Int16), '-32768', '32767'));
    all(true, takes(field('n', DataType.Int32), '-2147483648', '2147483647'));
    const long = ['9007199254740993', '-9223372036854775808', '9223372036854775807', '1541815603606036480'];
    all(true, takes(field('n', DataType.Int64), ...long));
  });

  test('numbers of any form, rounded as JSON.parse and Math.fround do', () => {
    const numbers = [
      '0',
      '-0',
      '-0.0',
      '1e-45',
      '0.1',
      '1E5',
      '123456789012345678901234567890',
      '16777217.0000000001',
    ];
    for (const type of [DataType.Float, DataType.Double]) all(true, takes(field('x', type), ...numbers));
    all(
      true,
      takes(field('x', DataType.Double), '1.7976931348623157e308', '5e-324', '-2.2250738585072014e-308'),
    );
    all(true, takes(field('x', DataType.Float), '3.4028234663852886e38', '3.4028235677973362e38'));
  });

  test('JSON columns, as JSON.stringify would write them', () => {
    const column = field('j', DataType.JSON);
    const values = [
      '{}',
      '[ ]',
      '"x"',
      'true',
      '1',
      '{ "a" : [ 1.0 , -2.50, {"b":null} ], "c":"\\u00e9\\/\\u001F" }',
    ];
    all(true, takes(column, ...values, '1541815603606036480', '0.30000000000000004', '-1', '0.000001'));
  });

  test('arrays of every kind that they are read of', () => {
    const of = (elementType: DataType, ...values: string[]) => {
      for (const maxCapacity of [undefined, 4096])
        all(true, takes(arrayOf(elementType, maxCapacity), '[]', '[ ]', ...values));
    };
    of(DataType.Bool, '[true]', '[ true , false ]');
    of(DataType.Int8, '[-128,127,0]', '[-1]');
    of(DataType.Int16, '[-32768]');
    of(DataType.Int32, '[-2147483648,2147483647]');
    of(DataType.Int64, '[9007199254740993,-9223372036854775808]', many('-1'), many('0'));
    of(DataType.Float, '[0.1,-0,1e-45]', many('0'));
    of(DataType.Double, '[0.1,-0,5e-324]', many('0'), many('0', 15), many('0', 16), many('1', 2048));
    of(
      DataType.VarChar,
      '["", "a","\\u00e9\\n"]',
      many('""'),
      many('"é"'),
      many(JSON.stringify('x'.repeat(200)), 90),
    );
    of(DataType.String, '["a"]');
    expect(takes(arrayOf(DataType.VarChar), JSON.stringify(['x'.repeat(70_000), 'y']))).toEqual([true]);
  });

  test('an array that may be null or missing', () => {
    const collection = collectionOf([{ ...arrayOf(DataType.Int64), nullable: true }], { dynamic: true });
    for (const text of ['{"id":1}', '{"id":1,"a":null}', `{"x":1,"id":1,"a":${many('0')},"y":[1]}`])
      expect(taken(collection, text)).toBe(true);
  });

  test('sparse vectors in their three forms, sorted or not', () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => [(i * 7919) % 30_011, i / 8]);
    const lists = (count: number) => ({
      indices: pairs(count).map(([index]) => index),
      values: pairs(count).map(([, weight]) => weight),
    });
    const large = [15, 16, 500, 4000].flatMap(count => [
      JSON.stringify(pairs(count)),
      JSON.stringify(Object.fromEntries(pairs(count))),
      JSON.stringify(lists(count)),
    ]);
    all(
      true,
      takes(
        SPARSE,
        ...['{}', '[]', '{ }', '[ ]', '{"indices":[],"values":[]}', '{ "values" : [ ] , "indices" : [ ] }'],
        ...[
          '{"7":0.5}',
          '{"4294967294":1,"0":2}',
          '{ "9" : 1.5 , "10" : 1e-50 , "1" : 3.4028235677973362e38 }',
        ],
        ...['[[7,0.5]]', '[ [ 9 , 1 ] , [ 10 , 2 ] , [ 1 , 0 ] ]', '[[4294967294,16777217.0000000001]]'],
        ...['{"indices":[9,1,4294967294],"values":[1,0,3e5]}', '{"values":[1,2],"indices":[10,9]}'],
        ...large,
      ),
    );
    const several = collectionOf([{ ...SPARSE, nullable: true }, arrayOf(DataType.Double)], {
      dynamic: true,
    });
    expect(taken(several, `{"x":1,"a":${many('0')},"id":1,"s":${large.at(-1)},"y":[2]}`)).toBe(true);
    expect(taken(several, '{"id":1,"s":null,"a":[]}')).toBe(true);
  });

  test('names that the schema lacks, in a dynamic collection and where the user was told of them', () => {
    const dynamic = collectionOf([field('t', DataType.VarChar)], { dynamic: true });
    expect(taken(dynamic, '{"id":1,"t":"x"}')).toBe(true);
    expect(taken(dynamic, '{"color":"red","id":1, "size":null,"t":"x","sub":{"a":[1]}}')).toBe(true);
    const dropping = collectionOf([], { dropped: ['color', 'größe'] });
    expect(taken(dropping, '{"color":"red","id":1,"größe":{"a":[1e999,"\\ud800"]}}')).toBe(true);
  });

  test('fields that are null or not there, where they may be', () => {
    const nullable = field('a', DataType.VarChar, { nullable: true });
    const preset = field('b', DataType.Int64, { hasDefault: true, defaultValue: '-7' });
    const words = field('c', DataType.VarChar, { hasDefault: true, defaultValue: 'none' });
    const collection = collectionOf([nullable, preset, words, field('d', DataType.Bool)]);
    expect(taken(collection, '{"id":1,"d":true}')).toBe(true);
    expect(taken(collection, '{"id":1,"a":null,"b":null,"c":null,"d":false}')).toBe(true);
    const { addon, plan } = held(collection);
    const [row] = addon.decodeRows(plan, [Buffer.from('{"id":1,"d":true}')]);
    expect([...row!.at].filter((_, i) => i % 2 === 1)).toEqual([1, ABSENT, 10, 6, 1]);
  });
});

describe('what is unusual goes the general way', () => {
  test('whatever is no JSON object', () => {
    const texts = [
      '',
      ' ',
      'null',
      '[]',
      '1',
      '"{}"',
      '\ufeff{"id":1}',
      '{"id":1}}',
      '{"id":1},',
      '{"id":1,}',
      "{'id':1}",
      '{"id" 1}',
    ];
    all(
      false,
      texts.map(text => taken(collectionOf([]), text)),
    );
  });

  test('every beginning of a record that is cut off', () => {
    for (let length = 0; length < GUIDE_TEXT.length; length++) {
      expect(taken(GUIDE, GUIDE_TEXT.slice(0, length))).toBe(false);
    }
  });

  test('text that is not UTF-8, and lone surrogates', () => {
    const text = field('t', DataType.VarChar);
    const malformed = [
      [0x80],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0xff],
    ];
    all(false, takes(text, ...malformed.map(bytes => Buffer.from([0x22, ...bytes, 0x22]))));
    all(
      false,
      takes(text, '"\\ud800"', '"\\ude00\\ud83d"', '"\\ud83d\\n"', '"\\ud83dx"', '"\\ud83d\\udbff"'),
    );
  });

  test('control characters and wrong escapes', () => {
    all(false, takes(field('t', DataType.VarChar), '"\n"', '"\0"', '"\\x"', '"\\u00g0"', '"\\u00"', '"\\'));
  });

  test('values of another type, or out of range', () => {
    all(
      false,
      takes(field('n', DataType.Int8), '128', '-129', '1.0', '1e0', '-0', '"1"', 'true', '01', 'null', '{}'),
    );
    all(
      false,
      takes(
        field('n', DataType.Int64),
        '9223372036854775808',
        '-9223372036854775809',
        '1e3',
        '10000000000000000000',
      ),
    );
    all(
      false,
      takes(
        field('x', DataType.Float),
        '3.4028235677973366e38',
        '1e39',
        '"1"',
        '.5',
        '1.',
        '+1',
        '1e',
        '-',
        'NaN',
      ),
    );
    all(false, takes(field('x', DataType.Double), '1e309', '-1e400', '1.7976931348623159e308', '00', '1e+'));
    all(false, takes(field('b', DataType.Bool), '"true"', '1', 'tru', 'truefalse', 'null'));
    all(
      false,
      takes(
        field('t', DataType.VarChar, { maxLength: 3 }),
        '1',
        '"abcd"',
        '"é中"',
        '"\\u00e9\\u00e9"',
        '["a"]',
      ),
    );
    const vector = field('v', DataType.FloatVector, { dim: 2 });
    all(
      false,
      takes(vector, '[1]', '[1,2,3]', '[1,2', '[1,2,]', '[1,null]', '[1,"2"]', '"[1,2]"', '[]', '[1,1e39]'),
    );
  });

  test('arrays that are too long, or have an element that no column would take', () => {
    const of = (elementType: DataType, ...values: string[]) =>
      all(false, takes(arrayOf(elementType, 3), ...values));
    const wrong = ['null', '{}', '"[1]"', '"1,2"', '1', '[null]', '[[1]]', '[{}]', '[', '[,]'];
    for (const type of [DataType.Bool, DataType.Int8, DataType.Int64, DataType.Float, DataType.Double])
      of(type, ...wrong, '["1"]', '[0,0,0,0]', '[1', '[1,', '[1,]', '[1,,1]', '[1 1]');
    of(DataType.VarChar, ...wrong, '[1]', '["1","2","3","4"]', '["a', '["a",]', '["\\ud800"]', '[true]');
    of(DataType.Int8, '[128]', '[-0]', '[1.0]', '[1,-129]');
    of(DataType.Int64, '[9223372036854775808]');
    of(DataType.Float, '[1e39]');
    of(DataType.Double, '[1e309]');
    all(false, takes(arrayOf(DataType.Bool, 0), '[true]'));
    all(true, takes(arrayOf(DataType.Bool, 0), '[]'));
    all(false, takes({ ...arrayOf(DataType.VarChar), maxLength: 3 }, '["abcd"]', '["é中"]'));
  });

  test('sparse vectors with anything unusual in them', () => {
    const indices = [
      '4294967295',
      '-1',
      '-0',
      '7.0',
      '7e0',
      '"7"',
      'null',
      '',
      '99999999999',
      '18446744073709551623',
    ];
    const weights = [
      '-1',
      '-0',
      '-0.0',
      '-1e-50',
      '1e39',
      '3.4028235677973366e38',
      '"1"',
      'null',
      '',
      '[1]',
      '01',
    ];
    all(
      false,
      takes(
        SPARSE,
        ...indices.flatMap(one => [`[[${one},1]]`, `{"indices":[${one}],"values":[1]}`]),
        ...weights.flatMap(one => [`[[1,${one}]]`, `{"1":${one}}`, `{"values":[${one}],"indices":[1]}`]),
        ...[
          'null',
          '1',
          '""',
          '"[]"',
          '"{\\"7\\":0.5}"',
          '[1]',
          '[[1]]',
          '[[1,2,3]]',
          '[[1,2],]',
          '[[1,2]',
          '[{}]',
        ],
        ...['[[1,2],[1,2]]', '[[2,1],[1,2],[2,3]]', '{"1":1,"1":1}', '{"1":1,"01":1}', '{"07":1}', '{"":1}'],
        ...[
          '{"\\u0031":1}',
          '{"a":1}',
          '{"1":1,"a":1}',
          '{"4294967295":1}',
          '{"1":1,}',
          '{"1"}',
          '{1:1}',
          '{"+1":1}',
        ],
        ...['{"indices":[1]}', '{"values":[]}', '{"indices":[1],"values":[]}', '{"indices":[],"values":[1]}'],
        ...[
          '{"values":[1,2],"indices":[1]}',
          '{"values":[1],"indices":[1,2]}',
          '{"indices":[1,1],"values":[1,2]}',
        ],
      ),
    );
  });

  test('both lists of a sparse vector win over whatever stands beside them', () => {
    // The general way takes some of these, which is what the comparison in `takes` is about.
    const both = '"indices":[1],"values":[2]';
    const beside = ['"7":0.5', '"x":null', '"indices":[3]', '"values":[4]', '"indices":5', '"values":null'];
    for (const one of beside) all(false, takes(SPARSE, `{${both},${one}}`, `{${one},${both}}`));
    all(false, takes(SPARSE, '{"indices":1,"values":2}', '{"1":1,"values":[2]}'));
  });

  test('numbers that JSON.stringify would write otherwise', () => {
    const numbers = [
      '1e2',
      '-0',
      '-0.0',
      '1E-7',
      '0.0000001',
      '0.1000000000000000055',
      '12345678901234567890.5',
      '1e400',
    ];
    all(false, takes(field('j', DataType.JSON), ...numbers, '9007199254740993.5', '10000000000000000.0'));
  });

  test('objects whose names JSON.parse puts in another order, or merges', () => {
    const objects = [
      '{"b":1,"1":2}',
      '{"a":1,"a":2}',
      '{"__proto__":1}',
      '{"\\u0061":1}',
      '{"x":{"a":1,"b":2,"a":3}}',
    ];
    all(false, takes(field('j', DataType.JSON), ...objects, 'null'));
  });

  test('a name twice, with an escape, or one that the user was not told of', () => {
    const dynamic = collectionOf([], { dynamic: true });
    const dropping = collectionOf([], { dropped: ['x'] });
    for (const text of [
      '{"id":1,"id":2}',
      '{"i\\u0064":1}',
      '{"id":1,"__proto__":{}}',
      '{"id":1,"x":1,"x":2}',
    ]) {
      expect(taken(dynamic, text)).toBe(false);
      expect(taken(dropping, text)).toBe(false);
    }
    expect(taken(dropping, '{"id":1,"y":2}')).toBe(false);
    expect(taken(dynamic, '{"id":1,"7":2}')).toBe(false);
    expect(taken(dynamic, '{"id":1,"$meta":{"a":1}}')).toBe(false);
    const computed = collectionOf([field('bm25', DataType.VarChar, { functionOutput: true })], {
      dynamic: true,
    });
    expect(taken(computed, '{"id":1,"bm25":2}')).toBe(false);
    expect(taken({ ...computed, dropped: ['bm25'] }, '{"id":1,"bm25":2,"x":3}')).toBe(true);
  });

  test('JSON that is longer than Milvus takes, or deeper than 64 levels', () => {
    const collection = collectionOf([field('j', DataType.JSON, { nullable: true })], {
      dynamic: true,
      jsonMaxBytes: 12,
    });
    expect(taken(collection, '{"id":1,"j":"1234567890"}')).toBe(true);
    expect(taken(collection, '{"id":1,"j":"12345678901"}')).toBe(false);
    expect(taken(collection, '{"id":1,"a":123456}')).toBe(true);
    expect(taken(collection, '{"id":1,"a":1234567}')).toBe(false);
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const roomy = collectionOf([field('j', DataType.JSON)], { dropped: ['x'] });
    expect(taken(roomy, `{"id":1,"j":${deep(63)},"x":${deep(63)}}`)).toBe(true);
    expect(taken(roomy, `{"id":1,"j":${deep(64)}}`)).toBe(false);
    expect(taken(roomy, `{"id":1,"j":1,"x":${deep(64)}}`)).toBe(false);
    expect(taken(roomy, `{"id":1,"j":${deep(100_000)}}`)).toBe(false);
  });

  test('all but objects before Milvus 2.4', () => {
    const old = collectionOf([field('j', DataType.JSON)], { jsonObjectsOnly: true });
    expect(taken(old, '{"id":1,"j":{}}')).toBe(true);
    expect(taken(old, '{"id":1,"j":[]}')).toBe(false);
  });

  test('objects with very many names', () => {
    const members = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join();
    const collection = collectionOf([field('j', DataType.JSON)], { dynamic: true });
    expect(taken(collection, `{"id":1,"j":{${members(64)}}}`)).toBe(true);
    expect(taken(collection, `{"id":1,"j":{${members(65)}}}`)).toBe(false);
    expect(taken(collection, `{"id":1,"j":1,${members(65)}}`)).toBe(false);
  });

  test('every record of a collection with a type that is not read natively', () => {
    const schema = schemaOf(collectionOf([field('b', DataType.BinaryVector, { dim: 8 })]));
    expect(nativePlanOf(planCollection(schema, { insertMode: 'upsert', jsonMaxBytes: 1 }))).toBeUndefined();
  });
});

describe('keys', () => {
  const plain = (key: Text) => loadDecode().isPlainKey(Buffer.from(key as string));

  test('scalars are known natively as keys that JsonConverter takes', () => {
    for (const key of ['', '1', '-12.5e3', '"user-1"', '"é\\n"', 'true', 'null', '1541815603606036480'])
      expect(plain(key)).toBe(true);
  });

  test('what is not certainly one is left to the general way, which refuses some of it', () => {
    for (const key of [
      'user-1',
      '01',
      '"a',
      '"a"b',
      '[1]',
      '{}',
      ' 1',
      '1 ',
      'tru',
      '\ufeff1',
      '"\n"',
      Buffer.from([0x22, 0xff, 0x22]),
    ]) {
      expect(plain(key)).toBe(false);
    }
  });

  test('whatever is known as a key is one', () => {
    const converter = createJsonKeyConverter({ side: 'key', stage: 'KEY_CONVERTER' });
    const pieces = ['"', '\\', 'u00e9', '1', '0', '-', '.', 'e', 'true', 'null', ' ', 'é', '\ud800', 'n'];
    for (let i = 0; i < 20_000; i++) {
      const key = Buffer.from(
        Array.from({ length: i % 5 }, () => pieces[Math.floor(Math.random() * pieces.length)]).join(''),
      );
      if (plain(key))
        expect([key.toString(), converter.check({ ...RECORD, key })]).toEqual([key.toString(), undefined]);
    }
  });
});

describe('both ways agree', () => {
  const short = (seed: number) => {
    console.log(`scripts/fuzz --seed ${seed} --records 20000`);
    const tally = fuzz(seed, 20_000);
    expect(tally.failures.slice(0, 3)).toEqual([]);
    return tally;
  };

  test('on records that a seed repeats; the ordinary ones of them are all read natively', () => {
    const tally = short(1);
    expect(tally.ordinary).toBeGreaterThan(2000);
    expect(tally.slow).toEqual([]);
  });

  test('on records of a new seed', () => {
    short(Math.floor(Math.random() * 2 ** 31));
  });

  test('on what they disagreed about once', () => {
    const lines = existsSync(CORPUS) ? readFileSync(CORPUS, 'utf8').trim().split('\n') : [];
    for (const line of lines) {
      const { collection, text } = JSON.parse(line) as Failure;
      taken(collection, Buffer.from(text, 'hex'));
    }
  });
});

describe('callers in JavaScript', () => {
  test('a plan that is none is a TypeError, whatever it is', () => {
    const { makePlan, decodeRows, isPlainKey } = loadDecode() as unknown as Record<
      string,
      (...args: unknown[]) => unknown
    >;
    const column = { name: 'a', kind: 'text', optional: false };
    const wrong = [
      { kind: 'x' },
      { dim: 1.5 },
      { kind: 'floatVector' },
      { maxBytes: -1 },
      { bits: 65 },
      { fallback: 'x' },
      { dynamic: true },
      { kind: 'array' },
      { kind: 'array', elementTag: 1, element: { kind: 'json' } },
      { kind: 'array', elementTag: 1, element: { kind: 'array' } },
      { kind: 'array', elementTag: 0, element: { kind: 'bool' } },
      { kind: 'array', element: { kind: 'bool' } },
      { kind: 'array', elementTag: 1, element: { kind: 'bool' }, maxItems: -1 },
    ];
    for (const more of wrong) {
      expect(() => makePlan!({ columns: [{ ...column, ...more }], dropped: [], declined: [] })).toThrow(
        TypeError,
      );
    }
    for (const plan of [
      undefined,
      null,
      {},
      { columns: 1 },
      { columns: [null], dropped: [], declined: [] },
    ]) {
      expect(() => makePlan!(plan)).toThrow(TypeError);
    }
    for (const plan of [undefined, {}, 1]) expect(() => decodeRows!(plan, [])).toThrow(TypeError);
    expect(() => decodeRows!(held(GUIDE).plan, ['{}'])).toThrow(TypeError);
    expect(() => decodeRows!()).toThrow(TypeError);
    expect(() => isPlainKey!('x')).toThrow(TypeError);
  });
});

function held(collection: CollectionCase) {
  const addon = loadDecode();
  const plan = planCollection(schemaOf(collection), {
    insertMode: 'upsert',
    jsonMaxBytes: collection.jsonMaxBytes,
  });
  return { addon, plan: addon.makePlan(nativePlanOf(plan, collection.dropped)!) };
}
