import { expect, test } from 'bun:test';
import { NumberText } from '../../../../src/record/typed.ts';
import { mapperOf, RECORD, refusal, rowOf } from '../../../support/rows.ts';

const mapper = mapperOf([], { dynamic: true });

test('$meta holds an object without names of the schema', () => {
  const code = (value: unknown) => refusal(() => mapper.map({ id: 1, $meta: value }, RECORD)).code;
  expect(code([1])).toBe('ROW_FIELD_TYPE');
  expect(code(Buffer.from('{}'))).toBe('ROW_FIELD_TYPE');
  expect(code(new NumberText('1.50'))).toBe('ROW_FIELD_TYPE');
  expect(code({ id: 2 })).toBe('ROW_FIELD_RESERVED');
  expect(code({ $meta: 2 })).toBe('ROW_FIELD_RESERVED');
});

test('what goes in is an object of its own, that of the record stays as it is', () => {
  const given = { a: 1 };
  expect(rowOf(mapper.map({ id: 1, $meta: given, b: 2 }, RECORD)).values[1]).toBe('{"a":1,"b":2}');
  expect(given).toEqual({ a: 1 });
});
