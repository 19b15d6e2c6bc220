// The executable on machines that are not as it needs them: it ends with words, and never waits for what cannot come.
import { expect, test } from 'bun:test';
import { EXECUTABLE, startSink } from '../../scripts/stack/sink.ts';

test('a temp directory that cannot be written ends the sink with exit code 1 and what to do', async () => {
  const sink = await startSink({
    ...{ bootstrap: '127.0.0.1:1', endpoint: 'http://127.0.0.1:1', collection: 'c', topics: 't' },
    env: { TMPDIR: '/proc/self', BUN_TMPDIR: '/proc/self' },
  });
  expect(await sink.ends(), EXECUTABLE).toBe(1);
  expect(sink.log).toContain('NATIVE_LOAD');
  expect(sink.log).toContain('set BUN_TMPDIR (or TMPDIR)');
});
