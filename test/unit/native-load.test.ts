import { expect, test } from 'bun:test';
import { loadFailure } from '../../src/native-load.ts';

test('a temp directory that cannot hold the addon is named, with the setting it comes from', () => {
  const cause = new Error('/data/t/.bun-0.node: failed to map segment from shared object');
  const error = loadFailure(cause, { BUN_TMPDIR: '/data/t', TMPDIR: '/other' });
  expect(error.code).toBe('NATIVE_LOAD');
  expect(error.kind).toBe('configuration');
  expect(error.message).toContain('now /data/t from BUN_TMPDIR');
  expect(error.message).toContain('failed to map segment');
  expect(error.message).toContain('set BUN_TMPDIR (or TMPDIR)');
  expect(error.cause).toBe(cause);
});

test('without a setting the temp directory is /tmp', () => {
  const error = loadFailure(new Error('/$bunfs/root/x.node: cannot open shared object file'), {});
  expect(error.message).toContain('now /tmp;');
});

test('a C library that is too old is said to be that, and not blamed on the temp directory', () => {
  const error = loadFailure(
    new Error(
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.35' not found (required by /tmp/.bun-0.node)",
    ),
    { TMPDIR: '/t' },
  );
  expect(error.details.expected).toBe('a C library with GLIBC_2.35');
  expect(error.message).not.toContain('TMPDIR');
});

test('an addon that was never built asks for the build', () => {
  const error = loadFailure(new Error('/r/.cache/native/linux-x64/a.node is missing: run scripts/build'), {});
  expect(error.details.fix).toContain('scripts/build');
  expect(error.message).not.toContain('TMPDIR');
});
