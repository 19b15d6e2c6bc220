import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field, mapOne, refusal, refusedWith } from '../../../support/rows.ts';

describe('strings', () => {
  const varchar = field('f', DataType.VarChar, { maxLength: 6 });

  test('max_length counts bytes of UTF-8', () => {
    expect(mapOne(varchar, 'abcdef')).toBe('abcdef');
    expect(mapOne(varchar, '漢字')).toBe('漢字');
    expect(refusedWith(varchar, 'abcdefg')).toBe('ROW_VARCHAR_TOO_LONG');
    expect(refusedWith(varchar, '漢字x')).toBe('ROW_VARCHAR_TOO_LONG');
  });

  test('a lone surrogate and other types are refused', () => {
    expect(refusedWith(varchar, 'a\ud800')).toBe('ROW_STRING_MALFORMED');
    expect(refusedWith(varchar, { a: 1 })).toBe('ROW_FIELD_TYPE');
    expect(refusedWith(varchar, [1])).toBe('ROW_FIELD_TYPE');
  });

  test('an error never quotes content', () => {
    const error = refusal(() => mapOne(varchar, 'my secret diary'));
    expect(error.message).toBe(
      'ROW_VARCHAR_TOO_LONG at articles-3@42: field "f" is too long; expected a string of at most 6 bytes (VarChar); found a string of 15 bytes',
    );
  });

  test('Text and Geometry take strings', () => {
    expect(mapOne(field('f', DataType.Text), 'x'.repeat(70_000))).toHaveLength(70_000);
    expect(mapOne(field('f', DataType.Geometry), 'POINT (1 2)')).toBe('POINT (1 2)');
    expect(refusedWith(field('f', DataType.Geometry), [1, 2])).toBe('ROW_FIELD_TYPE');
  });
});
