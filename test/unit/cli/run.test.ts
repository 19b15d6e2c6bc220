import { expect, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { lastWords } from '../../../src/cli/run.ts';
import { RecordError, SinkError } from '../../../src/errors.ts';

test('the last line tells the exit code, and after a bad record how one goes on', () => {
  expect(lastWords(EXIT.stopped, undefined)).toBe('stopped');
  expect(lastWords(EXIT.milvusRefused, new SinkError('MILVUS_AUTH', 'refused'))).toBe(
    'ended with exit code 3',
  );
  const bad = new RecordError('RECORD_NOT_JSON', 'VALUE_CONVERTER', 'the value is not JSON');
  expect(lastWords(EXIT.badRecord, bad)).toMatch(/^ended with exit code 2: .*errors\.tolerance=all/);
});
