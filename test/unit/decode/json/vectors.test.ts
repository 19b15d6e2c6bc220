import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Decoded, VectorHint } from '../../../../src/decode/contract.ts';
import { loadVectors } from '../../../../src/decode/json/addon.ts';
import { createVectorDecoder, type ExactInteger } from '../../../../src/decode/json/vectors.ts';
import type { RowObject } from '../../../../src/record/decoded.ts';
import { decodeAll, decodeOne, errorOf, plain, record } from '../support.ts';

const HINTS: VectorHint[] = [
  { name: 'v', dim: 3 },
  { name: 'wörter', dim: 1 },
];
const DECODER = createVectorDecoder(loadVectors(), HINTS);

/** What the native decoder alone says: a row, or undefined when it declined. */
function natively(text: string | Buffer): RowObject | undefined {
  const rows: Array<RowObject | undefined> = [undefined];
  DECODER.decode([Buffer.from(text as string)], rows, new Map());
  return rows[0];
}

/** The row as the reference has it: JSON.parse, the vectors that are right rounded to floats. */
function reference(text: string): RowObject {
  const row = JSON.parse(text) as RowObject;
  for (const { name, dim } of HINTS) {
    const value = row[name];
    if (!Array.isArray(value) || value.length !== dim || !value.every(x => typeof x === 'number')) continue;
    const floats = Float32Array.from(value as number[]);
    if (floats.every(Number.isFinite)) row[name] = floats;
  }
  return row;
}

describe('takes', () => {
  test.each([
    '{"v":[1,2,3]}',
    '{"a":"x","v":[0.1,-0.25,1e-3],"b":{"v":[9,9,9]}}',
    ' {\n"v" : [ 1 ,\t2\r, 3 ] , "w" : [ ] } ',
    '{"v":[0,-0,0.0],"wörter":[1E+2],"text":"}{][\\"\\\\"}',
    '{"v":[1e-300,3.4028235e38,123456789012345678901234567890],"ünicode":"äöü€😀"}',
    '{"v":[0.1000000000000000055511151231257827,16777217,1.000000059604644775390625]}',
    '{"b":[{"v":[1]},["v",[1,2,3]]],"v":[1,2,3],"c":"\\"v\\":[1,2,3]"}',
    '{}',
    '{"a":[true,false,null,-1.5e3,"x"]}',
    '{"v":null}',
    '{"v":0}',
  ])('%s', text => {
    expect(natively(text)).toEqual(reference(text));
  });

  test('the vectors as Float32Array', () => {
    const row = natively('{"v":[1,2,3],"wörter":[4]}')!;
    expect(row.v).toEqual(new Float32Array([1, 2, 3]));
    expect(row.wörter).toEqual(new Float32Array([4]));
  });
});

describe('leaves to JavaScript', () => {
  test.each([
    '{"v":[1,2]}',
    '{"v":[1,2,3,4]}',
    '{"v":[]}',
    '{"v":[1,2,"3"]}',
    '{"v":[1,2,null]}',
    '{"v":[1,2,[3]]}',
    '{"v":[1,2,01]}',
    '{"v":[1,2,+1]}',
    '{"v":[1,2,.5]}',
    '{"v":[1,2,1.]}',
    '{"v":[1,2,-]}',
    '{"v":[1,2,-.5]}',
    '{"v":[1,2,1e]}',
    '{"v":[1,2,1e+]}',
    '{"v":[1,2,0x1]}',
    '{"v":[1,2,NaN]}',
    '{"v":[1,2,3,]}',
    '{"v":[1,2,,3]}',
    '{"v":[1 2 3]}',
    '{"v":[1,2,3.4028236e38]}',
    '{"v":[1,2,1e400]}',
    '{"v":[1,2,1e-400]}',
    '{"v":[1,2,3]',
    '{"v":[1,2,3',
    '{"v":[1,2,3]]}',
    '{"v":[1,2,3]1}',
    '{"v":[1,2,3]}{}',
    '{"v":[1,2,3]},{"v":[1,2,3]}',
    '{"v":[1,2,3],"v":[1,2,3]}',
    '{"v":[1,2,3],"v":null}',
    '{"v":[1,2,3],"\\u0076":[4,5,6]}',
    '{"\\u0076":[1,2,3]}',
    '{"a":"\\u0000x","v":[1,2,3]}',
    '{"a":[}],"v":[1,2,3]}',
    '{"a":tru,"v":[1,2,3]}',
    '{"a":"x,"v":[1,2,3]}',
    '{"a":{1234567890123456:1}}',
    '{"a":{1234567890123456}}',
    '{1234567890123456:1}',
    '{"a":01234567890123456}',
    '{"a":1234567890123456x}',
    '{"a":"1"1234567890123456}',
    '{"a":--1234567890123456}',
    '[{"v":[1,2,3]}]',
    '\ufeff{"v":[1,2,3]}',
    '',
    '1',
    'null',
    '{',
    '{"',
    '{"v"',
    '{"v":',
    '{"v":[',
    '{"v":[1',
    '{"v":[-',
    '{"a":"\\',
    '{"a":"\\"',
  ])('%s', text => {
    expect(natively(text)).toBeUndefined();
  });

  test('text that is not UTF-8, also where JSON.parse would not notice', () => {
    for (const bad of [
      [0xff],
      [0xc0, 0x80],
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0x80],
      [0xf0, 0x8f, 0xbf, 0xbf],
    ]) {
      expect(
        natively(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bad), Buffer.from('"}')])),
      ).toBeUndefined();
    }
  });
});

test('a poll with bad records gives the others their rows, and the bad ones the errors of the reference', () => {
  const converter = plain();
  converter.expect([{ name: 'v', dim: 32 }]);
  const vector = JSON.stringify(Array.from({ length: 32 }, (_, i) => i / 7));
  const good = (id: number) => `{"id":${id},"v":${vector}}`;
  const texts = [good(1), '{"id":2,"v":[1,2]}', null, '', '{"id":"x', good(5), '[1]', '{"a":tru}', good(8)];
  const decoded = decodeAll(
    converter,
    texts.map(text => record(text)),
  );
  const floats = Float32Array.from(JSON.parse(vector));
  expect(decoded[0]).toEqual({ id: 1, v: floats });
  expect(decoded[1]).toEqual({ id: 2, v: [1, 2] });
  expect(decoded.slice(2, 4)).toEqual([null, null]);
  expect(errorOf(decoded[4]).code).toBe('RECORD_NOT_JSON');
  expect(decoded[5]).toEqual({ id: 5, v: floats });
  expect(errorOf(decoded[6]).code).toBe('RECORD_NOT_OBJECT');
  expect(errorOf(decoded[7]).details.found).toBe('a letter at byte 5');
  expect(decoded[8]).toEqual({ id: 8, v: floats });
});

test('polls larger than a slab, records larger than the scratch text', () => {
  const converter = plain();
  converter.expect([{ name: 'v', dim: 1000 }]);
  const huge = 'x'.repeat(600_000);
  const records = Array.from({ length: 300 }, (_, i) => {
    const vector = JSON.stringify(new Array(1000).fill(i));
    return record(
      `{"id":${i},"v":${vector},"text":"${i % 100 === 50 ? huge : i % 10 === 0 ? huge.slice(0, 100_000) : ''}"}`,
    );
  });
  const decoded = decodeAll(converter, records) as RowObject[];
  decoded.forEach((row, i) => {
    expect(row.id).toBe(i);
    expect((row.v as ArrayLike<number>).length).toBe(1000);
    expect((row.v as ArrayLike<number>)[999]).toBe(i);
  });
  expect(decoded[1]!.v).toBeInstanceOf(Float32Array);
});

test('long integers keep their digits beside a vector, and the vector is not read again', () => {
  const converter = plain();
  converter.expect([{ name: 'v', dim: 32 }]);
  const vector = JSON.stringify(new Array(32).fill(0.5));
  const one = record(
    `{"id":9007199254740993,"v":${vector},"safe":9007199254740991,"f":0.12345678901234568,"deep":[{"x":-9223372036854775808}]}`,
  );
  const [row] = decodeAll(converter, [one]) as [RowObject];
  expect(row).toMatchObject({ id: 9007199254740992, safe: 9007199254740991, f: 0.12345678901234568 });
  const exact = converter.decodeExact(one, 'integers') as RowObject;
  expect(exact).toMatchObject({
    id: 9007199254740993n,
    safe: 9007199254740991,
    deep: [{ x: -9223372036854775808n }],
  });
  expect(exact.v).toBe(row.v);
  // A record of another poll is decoded from its bytes.
  decodeAll(converter, [record('{}')]);
  expect(converter.decodeExact(one, 'integers')).toMatchObject({
    id: 9007199254740993n,
    deep: [{ x: -9223372036854775808n }],
  });
});

test('numbers are the nearest float of the nearest double, however they are written', () => {
  const decoder = createVectorDecoder(loadVectors(), [{ name: 'v', dim: 8 }]);
  fc.assert(
    fc.property(fc.array(numberText(), { minLength: 8, maxLength: 8 }), numbers => {
      const rows: Array<RowObject | undefined> = [undefined];
      decoder.decode([Buffer.from(`{"v":[${numbers.join(',')}]}`)], rows, new Map());
      const expected = numbers.map(text => Math.fround(JSON.parse(text) as number));
      if (!expected.every(Number.isFinite)) return rows[0] === undefined;
      // What is smaller than the smallest normal double may be left to JSON.parse.
      const tiny = numbers.some(
        text => Math.abs(JSON.parse(text) as number) < 2.3e-308 && /[1-9]/.test(text.split(/e/i)[0]!),
      );
      if (tiny && rows[0] === undefined) return true;
      expect(rows[0]!.v).toEqual(Float32Array.from(expected));
      return true;
    }),
    { numRuns: 3000 },
  );
});

test('for any object the native decoder agrees with JSON.parse', () => {
  fc.assert(
    fc.property(objectText(), text => {
      const row = natively(text);
      if (row !== undefined) expect(row).toEqual(reference(text));
      return true;
    }),
    { numRuns: 2000 },
  );
});

test('whatever JSON.parse refuses the native decoder refuses', () => {
  const anything = fc.oneof(
    mutated(objectText()),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\v01.-e '.split('')), maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 3 }), texts => {
      const rows = new Array<RowObject | undefined>(texts.length).fill(undefined);
      DECODER.decode(
        texts.map(text => Buffer.from(text)),
        rows,
        new Map<number, ExactInteger[]>(),
      );
      texts.forEach((text, i) => {
        if (rows[i] !== undefined) expect(rows[i]).toEqual(reference(Buffer.from(text).toString()));
      });
    }),
    { numRuns: 5000 },
  );
});

test('any bytes at all', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('', '{"v":[', '{"a":"', '{"v":[1,2,3],"'),
      (bytes, head) => {
        const row = natively(Buffer.concat([Buffer.from(head), bytes]));
        if (row !== undefined)
          expect(row).toEqual(
            reference(
              new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat([Buffer.from(head), bytes])),
            ),
          );
      },
    ),
    { numRuns: 3000 },
  );
});

test('a converter that decodes natively gives what the reference gives', () => {
  const hints = [{ name: 'v', dim: 24 }];
  const vector = fc.array(fc.double({ noDefaultInfinity: true, noNaN: true, min: -3e38, max: 3e38 }), {
    minLength: 24,
    maxLength: 24,
  });
  const row = fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), vector)
    .map(([rest, v]) => JSON.stringify({ ...rest, v }));
  const withVectorsRounded = (decoded: Decoded) =>
    decoded !== null && 'v' in decoded && Array.isArray(decoded.v)
      ? { ...decoded, v: Float32Array.from(decoded.v) }
      : decoded;
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), texts => {
      const converter = plain();
      converter.expect(hints);
      const decoded = decodeAll(
        converter,
        texts.map(text => record(text)),
      );
      expect(decoded.map(withVectorsRounded)).toEqual(
        texts.map(text => withVectorsRounded(decodeOne(plain(), text))),
      );
    }),
    { numRuns: 200 },
  );
});

test('wrong arguments throw and touch nothing', () => {
  const { extract } = loadVectors();
  const f = new Float32Array(3);
  const bytes = new Uint8Array(100);
  const meta = new Int32Array(5);
  const names = Buffer.from('v');
  const layout = new Int32Array([1, 3, 0, 3]);
  const row = [Buffer.from('{"v":[1,2,3]}')];
  expect(extract(row, 0, names, layout, f, bytes, meta)).toBe(1);
  for (const bad of [
    [2, 3, 0, 3],
    [1, 4, 0, 3],
    [1, 3, 1, 3],
    [1, 3, -1, 3],
    [1, 0, 0, 3],
    [1, 2147483647, 2147483647, 3],
    [1, 3, 0],
  ]) {
    expect(() => extract(row, 0, names, new Int32Array(bad), f, bytes, meta)).toThrow(/wrong arguments/);
  }
  expect(() => extract(row, 0, names, layout, f, bytes, new Int32Array(1))).toThrow(/wrong arguments/);
  expect(() => extract(row, 0, names, layout, bytes as never, bytes, meta)).toThrow(/wrong arguments/);
  expect(extract([5 as never], 0, names, layout, f, bytes, meta)).toBe(1);
  expect(meta[2]).toBe(-1);
  expect(extract(row, 0, names, layout, new Float32Array(2), bytes, meta)).toBe(0);
  expect(extract(row, 5, names, layout, f, bytes, meta)).toBe(0);
});

test('text and meta of any size are never overrun', () => {
  const { extract } = loadVectors();
  const layout = new Int32Array([1, 1, 0, 1]);
  for (let size = 4; size < 80; size++) {
    const memory = new Uint8Array(size + 64).fill(0xee);
    const meta = new Int32Array(2 + 3 * 40);
    const records = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(i % 3 === 0 ? '{"v":[1]}' : `{"id":${10n ** 17n}}`),
    );
    const count = extract(
      records,
      0,
      Buffer.from('v'),
      layout,
      new Float32Array(40),
      memory.subarray(0, size),
      meta,
    );
    expect(count).toBeGreaterThan(0);
    expect(JSON.parse(Buffer.from(memory.subarray(0, meta[0])).toString())).toHaveLength(count);
    expect(memory.subarray(size).every(byte => byte === 0xee)).toBe(true);
  }
});

function numberText() {
  const digits = (max: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map(list => list.join(''));
  const written = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(
        fc.constant('0'),
        digits(22).map(d => d.replace(/^0+(?=.)/, '')),
      ),
      fc.option(digits(25)),
      fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), digits(3))),
    )
    .map(
      ([sign, integer, fraction, exponent]) =>
        `${sign}${integer}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`,
    );
  // The middle between two floats, and its neighbours: where a second rounding would show.
  const halfway = fc
    .tuple(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-6), max: Math.fround(1e12) }),
      fc.integer({ min: -3, max: 3 }),
    )
    .map(([f, ulps]) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat32(0, f);
      view.setUint32(0, view.getUint32(0) + 1);
      const middle = (f + view.getFloat32(0)) / 2;
      view.setFloat64(0, middle);
      view.setBigUint64(0, view.getBigUint64(0) + BigInt(ulps));
      const x = view.getFloat64(0);
      return fc.sample(
        fc.constantFrom(String(x), x.toPrecision(17), x.toPrecision(19), x.toPrecision(21)),
        1,
      )[0]!;
    });
  const float32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map(String);
  return fc.oneof(written, halfway, float32, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String));
}

function objectText() {
  const number = fc.oneof(numberText(), fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String));
  const vector = fc.array(number, { minLength: 1, maxLength: 4 }).map(list => `[${list.join(',')}]`);
  const other = fc.oneof(
    fc.json({ maxDepth: 4 }),
    number,
    vector,
    fc.string().map(s => JSON.stringify(s)),
  );
  const name = fc.oneof(
    fc.constantFrom('v', 'wörter', 'a', 'vv', '\\u0076', '__proto__', 'x\\"'),
    fc.string().map(s => JSON.stringify(s).slice(1, -1)),
  );
  const space = fc.constantFrom('', '', '', ' ', '\n\t');
  const field = fc
    .tuple(name, fc.oneof(vector, other), space)
    .map(([n, value, s]) => `${s}"${n}"${s}:${s}${value}${s}`);
  return fc.array(field, { maxLength: 5 }).map(fields => `{${fields.join(',')}}`);
}

function mutated(text: fc.Arbitrary<string>) {
  return fc
    .tuple(
      text,
      fc.nat(),
      fc.constantFrom('insert', 'delete', 'replace', 'cut', 'swap'),
      fc.constantFrom(...'{}[]",:\\0123456789.-+eE tfn\n\u0000ä'.split('')),
    )
    .map(([t, at, change, c]) => {
      const i = at % (t.length + 1);
      if (change === 'insert') return t.slice(0, i) + c + t.slice(i);
      if (change === 'cut') return t.slice(0, i);
      if (change === 'swap')
        return (
          t.slice(0, i) +
          t
            .slice(i, i + 2)
            .split('')
            .reverse()
            .join('') +
          t.slice(i + 2)
        );
      return t.slice(0, i) + (change === 'replace' ? c : '') + t.slice(i + 1);
    });
}
