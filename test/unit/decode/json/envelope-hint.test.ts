import { expect, test } from 'bun:test';
import { withEnvelopeHint } from '../../../../src/decode/json/envelope-hint.ts';
import { RecordError } from '../../../../src/errors.ts';

const missing = new RecordError('ROW_FIELD_MISSING', 'TASK_PUT', 'field "id" is missing', {
  expected: 'a value',
  found: 'nothing',
  where: 't-0@1',
});

test('a record of schema and payload that lacks a field names schemas.enable', () => {
  for (const schema of [null, { type: 'struct', fields: [] }]) {
    const error = withEnvelopeHint(missing, { schema, payload: {} });
    expect(error).toMatchObject({ code: 'ROW_FIELD_MISSING', stage: 'TASK_PUT', kind: 'record' });
    expect(error.message).toBe(
      'ROW_FIELD_MISSING at t-0@1: field "id" is missing; expected a value; found nothing. The record looks like an envelope of schema and payload: set value.converter.schemas.enable=true',
    );
  }
});

test.each([
  [{ schema: 'public', payload: {} }],
  [{ schema: null, payload: 1, id: 1 }],
  [{ payload: 1 }],
  [null],
])('%j is no envelope', row => expect(withEnvelopeHint(missing, row)).toBe(missing));

test('other errors stay as they are', () => {
  const other = new RecordError('ROW_FIELD_TYPE', 'TASK_PUT', 'x');
  expect(withEnvelopeHint(other, { schema: null, payload: {} })).toBe(other);
});
