import { expect, test } from 'bun:test';
import { RowCounts } from '../../../../src/milvus/client/row-counts.ts';
import type { MutationResult } from '../../../../src/milvus/wire/mutation-result.ts';

const lines: string[] = [];
const say = (message: string) => void lines.push(message);
const log = { debug: say, info: say, warn: say, error: say, enabled: () => true };
const answer = (upsertCount: number, insertCount: number): MutationResult => ({
  status: { errorCode: 0, code: 0, reason: '', detail: '', retriable: false, inputError: false },
  upsertCount,
  insertCount,
  errorIndex: [],
});

test('what Milvus 2.3.5, milvus-lite 3.2.2 and later count for their rows is right', () => {
  const counts = new RowCounts(log);
  expect(counts.check('upsert', 5, answer(5, 5))).toBeUndefined(); // Milvus: an upsert is an insert as well
  expect(counts.check('upsert', 5, answer(5, 0))).toBeUndefined(); // milvus-lite
  expect(counts.check('upsert', 5, answer(0, 5))).toBeUndefined();
  expect(counts.check('insert', 5, answer(0, 5))).toBeUndefined();
});

test('fewer is a failure, none only where rows have been counted before', () => {
  const counts = new RowCounts(log);
  expect(counts.check('upsert', 2, answer(0, 0))).toBeUndefined();
  expect(counts.check('upsert', 2, answer(1, 1))).toMatchObject({
    kind: 'badRow',
    errorCode: 'MILVUS_ROW_COUNT',
  });
  expect(counts.check('upsert', 2, answer(0, 0))).toMatchObject({ kind: 'badRow' });
  expect(counts.check('insert', 2, answer(0, 0))).toBeUndefined();
  expect(counts.check('insert', 2, answer(2, 1))).toMatchObject({ kind: 'refused' });
  expect(counts.check('insert', 2, answer(0, 0))).toMatchObject({ kind: 'refused' });
});

test('more loses nothing, and is said once', () => {
  const counts = new RowCounts(log);
  lines.length = 0;
  expect(counts.check('upsert', 2, answer(4, 0))).toBeUndefined();
  expect(counts.check('upsert', 2, answer(4, 0))).toBeUndefined();
  expect(lines).toEqual(['Milvus counts more rows than were sent: said once']);
});
