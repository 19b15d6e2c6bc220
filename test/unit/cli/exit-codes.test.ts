import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { withExitTable } from '../../../scripts/documentation/tables.ts';
import { EXIT, exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { internalError, RecordError, SinkError } from '../../../src/errors.ts';

test('what ended the process gives the exit code, by its kind', () => {
  expect(exitCodeOf(undefined)).toBe(0);
  expect(exitCodeOf(new SinkError('CONFIG_INVALID', 'x'))).toBe(1);
  expect(exitCodeOf(new RecordError('RECORD_NOT_JSON', 'VALUE_CONVERTER', 'x'))).toBe(2);
  expect(exitCodeOf(new SinkError('MILVUS_AUTH', 'x'))).toBe(3);
  expect(exitCodeOf(new SinkError('KAFKA_FENCED', 'x'))).toBe(4);
  expect(exitCodeOf(internalError(new Error('x')))).toBe(70);
});

test("the README's table has each of them, and is current", () => {
  const readme = readFileSync(`${import.meta.dir}/../../../README.md`, 'utf8');
  const table = readme.split('## Exit codes')[1]!.split('\n## ')[0]!;
  expect([...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))).toEqual(Object.values(EXIT));
  expect(withExitTable(readme)).toBe(readme);
});
