import { describe, expect, test } from 'bun:test';
import { toStatus } from '../../../../src/milvus/client/sdk-status.ts';

describe('toStatus', () => {
  test('names of the old enum become its numbers; unknown ones an unexpected error', () => {
    expect(toStatus({ error_code: 'CollectionNotExists', code: 100, reason: 'r' })).toEqual({
      errorCode: 4,
      code: 100,
      reason: 'r',
      detail: '',
      retriable: false,
      inputError: false,
    });
    expect(toStatus({ error_code: 6 }).errorCode).toBe(6);
    expect(toStatus({ error_code: 'SomethingNew' }).errorCode).toBe(1);
    expect(toStatus({ error_code: 'constructor' }).errorCode).toBe(1);
    expect(toStatus({ error_code: 'Success' }).errorCode).toBe(0);
  });

  test('the input error flag is text', () => {
    expect(toStatus({ extra_info: { is_input_error: 'true' } }).inputError).toBe(true);
    expect(toStatus({ extra_info: { is_input_error: 'false' } }).inputError).toBe(false);
  });
});
