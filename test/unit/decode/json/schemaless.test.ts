import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { decodeAll, decodeOne, errorOf, plain, record } from '../support.ts';

describe('JsonConverter without schemas', () => {
  test('gives the object as JSON.parse does, in order, with tombstones in their places', () => {
    const decoded = decodeAll(plain(), [
      record('{"a":1}'),
      record(null),
      record(' {"b":["x",{"c":null}]}\n'),
    ]);
    expect(decoded).toEqual([{ a: 1 }, null, { b: ['x', { c: null }] }]);
  });

  test.each(['', ' \n', 'null', ' null '])('%j is null, as in Connect', text => {
    expect(decodeOne(plain(), text)).toBeNull();
  });

  test.each([
    ['1', 'a number'],
    ['"x"', 'a string'],
    ['[{"a":1}]', 'an array'],
    ['true', 'a boolean'],
  ])('%s is JSON and no row: the sink task would refuse it', (text, found) => {
    const error = errorOf(decodeOne(plain(), text));
    expect(error).toMatchObject({
      code: 'RECORD_NOT_OBJECT',
      stage: 'TASK_PUT',
      details: { found, where: 't-2@7' },
    });
  });

  test.each([
    ['{"a":1', 'the end of the text at byte 6'],
    ['{"a":1,}', '"}" at byte 7'],
    ['{"a":1} x', 'a letter at byte 8'],
    ['{"a":1}{"b":2}', '"{" at byte 7'],
    ['{"a":NaN}', 'the word NaN at byte 5'],
    ['{"a":secret}', 'a letter at byte 5'],
    ['{"a":01}', 'a number that starts with 0 at byte 5'],
    ['{"a":+1}', '"+" at byte 5'],
    ['{"a":.5}', '"." at byte 5'],
    ['{"a":1.}', '"}" at byte 7'],
    ['{"a":1e}', '"}" at byte 7'],
    ['{"a":-}', '"}" at byte 6'],
    ["{'a':1}", '"\'" at byte 1'],
    ['{"a" 1}', 'a digit at byte 5'],
    ['{"ä":x}', 'a letter at byte 6'],
    ['\ufeff{"ä":x}', 'a letter at byte 9'],
    ['{"a":"\u0001"}', 'U+0001 at byte 6'],
    ['{"a":"\\x"}', 'another one at byte 6'],
    ['{"a":"', 'the end of the text at byte 6'],
    ['[1 2]', 'a digit at byte 3'],
    ['{"a":[1,]}', '"]" at byte 8'],
    ['{"a":tru}', 'a letter at byte 5'],
    ['{"a":1]', '"]" at byte 6'],
  ])('%s: %s', (text, found) => {
    const error = errorOf(decodeOne(plain(), text));
    expect(error).toMatchObject({ code: 'RECORD_NOT_JSON', stage: 'VALUE_CONVERTER', details: { found } });
  });

  test('an error tells nothing that the record holds', () => {
    const error = errorOf(decodeOne(plain(), '{"password":"hunter2",hunter3}'));
    expect(error.message).not.toMatch(/hunter|password/);
    expect(error.message).toContain('t-2@7');
  });

  test('a byte order mark is skipped, as Jackson does', () => {
    expect(decodeOne(plain(), '\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  test('malformed UTF-8 is refused with its place; U+FFFD itself is a character', () => {
    const text = Buffer.concat([Buffer.from('{"ä":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(errorOf(decodeOne(plain(), text))).toMatchObject({
      code: 'RECORD_NOT_UTF8',
      details: { found: 'a malformed character at byte 7' },
    });
    expect(decodeOne(plain(), '{"a":"\ufffd"}')).toEqual({ a: '\ufffd' });
  });

  test('of a field that is there twice the last one wins, as in Connect', () => {
    expect(decodeOne(plain(), '{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  test('1000 levels pass, deeper ones are refused, 200,000 do not crash', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(decodeOne(plain(), nested(1000))).toHaveProperty('a');
    for (const levels of [1001, 200_000]) {
      expect(errorOf(decodeOne(plain(), nested(levels))).code).toBe('RECORD_TOO_DEEP');
      expect(errorOf(plain().decodeExact(record(nested(levels)), 'integers')).code).toBe('RECORD_TOO_DEEP');
    }
    expect(errorOf(decodeOne(plain(), '{"a":'.repeat(200_000))).code).toBe('RECORD_NOT_JSON');
    expect(errorOf(decodeOne(plain(), '['.repeat(200_000))).code).toBe('RECORD_NOT_JSON');
  });

  test('a field called __proto__ is a field', () => {
    const text = '{"__proto__":{"polluted":9007199254740993},"a":9007199254740993}';
    for (const row of [decodeOne(plain(), text), plain().decodeExact(record(text), 'integers')]) {
      expect(Object.keys(row as object)).toEqual(['__proto__', 'a']);
      expect((row as Record<string, unknown>).polluted).toBeUndefined();
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('findings agree with JSON.parse for any text near JSON', () => {
    fc.assert(
      fc.property(nearlyJson(), text => {
        const decoded = decodeOne(plain(), text);
        let value: unknown;
        try {
          value = JSON.parse(text.replace(/^\ufeff/, ''));
        } catch {
          if (/^[ \t\n\r]*$/.test(text)) return decoded === null;
          return errorOf(decoded).code === 'RECORD_NOT_JSON' && (errorOf(decoded).details.found ?? '') !== '';
        }
        if (typeof value === 'object' && !Array.isArray(value)) expect(decoded).toEqual(value as never);
        else expect(errorOf(decoded).code).toBe('RECORD_NOT_OBJECT');
        return true;
      }),
      { numRuns: 1000 },
    );
  });
});

describe('exact integers', () => {
  test.each([
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '18446744073709551615',
  ])('%s at any depth, as a bigint', digits => {
    const text = `{"id":${digits},"list":[1,${digits},{"x":${digits}}],"small":9007199254740991,"text":"${digits}"}`;
    const expected = {
      id: BigInt(digits),
      list: [1, BigInt(digits), { x: BigInt(digits) }],
      small: 9007199254740991,
      text: digits,
    };
    expect(plain().decodeExact(record(text), 'integers')).toEqual(expected);
    expect(decodeOne(plain(), text)).toEqual(JSON.parse(text));
  });

  test('only integers that are written as such: 1e20 and 9007199254740993.0 stay doubles', () => {
    expect(
      plain().decodeExact(record('{"a":1e20,"b":9007199254740993.0,"c":-0,"d":1e400}'), 'integers'),
    ).toEqual({
      a: 1e20,
      b: 9007199254740992,
      c: -0,
      d: Number.POSITIVE_INFINITY,
    });
  });

  test('the whole Int64 range, read again once or on from then, gives what was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 5 }),
        ids => {
          const converter = plain();
          const records = ids.map(id => record(`{"id":${id}, "deep":{"ids":[${id},{"__proto__":${id}}]}}`));
          for (let poll = 0; poll < 2; poll++) {
            expect(decodeAll(converter, records)).toEqual(
              records.map(({ value }) => JSON.parse(value!.toString())),
            );
            ids.forEach((id, i) => {
              const exact = Number.isSafeInteger(Number(id)) ? Number(id) : id;
              const own = JSON.parse('{"__proto__":0}');
              Object.defineProperty(own, '__proto__', { value: exact });
              expect(converter.decodeExact(records[i]!, 'integers')).toEqual({
                id: exact,
                deep: { ids: [exact, own] },
              });
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** JSON with a character put in, taken out or replaced: most of it just no longer JSON. */
function nearlyJson() {
  const character = fc.constantFrom(...'{}[]",:\\0123456789.-+eE truefalsn\n\t\u0000\u0001äx'.split(''));
  return fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('none', 'insert', 'delete', 'replace'), character)
    .map(([text, at, change, c]) => {
      const i = at % (text.length + 1);
      if (change === 'none') return text;
      if (change === 'insert') return text.slice(0, i) + c + text.slice(i);
      return text.slice(0, i) + (change === 'replace' ? c : '') + text.slice(i + 1);
    });
}
