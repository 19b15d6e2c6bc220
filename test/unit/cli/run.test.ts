import { expect, test } from 'bun:test';
import { lastWords } from '../../../src/cli/run.ts';
import { RecordError, SinkError } from '../../../src/errors.ts';

test('the last line tells the exit code, and after a bad record how one goes on', () => {
  expect(lastWords(undefined)).toBe('stopped');
  expect(lastWords(new SinkError('MILVUS_AUTH', 'refused'))).toBe('ended with exit code 3');
  expect(lastWords(new SinkError('MILVUS_AUTH', 'refused'), 'pictures')).toBe(
    'ended with exit code 3: connector pictures: MILVUS_AUTH',
  );
  const bad = new RecordError('RECORD_NOT_JSON', 'VALUE_CONVERTER', 'the value is not JSON');
  expect(lastWords(bad)).toMatch(/^ended with exit code 2: .*errors\.tolerance=all/);
});
