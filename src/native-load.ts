// Why native code could not be loaded on this machine, in words.
import { SinkError } from './errors.ts';

/**
 * The words for a failed load of a native addon.
 *
 * @param error what `require` of the addon threw
 * @param env environment in which the temp directory is named (`BUN_TMPDIR`, `TMPDIR`)
 */
export function loadFailure(error: unknown, env: Record<string, string | undefined>): SinkError {
  const text = error instanceof Error ? error.message : String(error);
  const setting = env.BUN_TMPDIR ? 'BUN_TMPDIR' : env.TMPDIR ? 'TMPDIR' : undefined;
  const directory = setting ? env[setting] : '/tmp';
  const found = text.replace(/\s+/g, ' ').trim();
  const fail = (expected: string, fix: string) =>
    new SinkError('NATIVE_LOAD', 'the native code cannot be loaded', {
      expected,
      found,
      fix,
      cause: error,
    });
  if (text.includes('run scripts/build')) {
    return fail('the native addons of this machine’s platform', 'Run scripts/build --native-only');
  }
  const libc = /version [`'"‘]?(GLIBC_[\d.]+)['"’]? not found/.exec(text);
  if (libc) {
    return fail(
      `a C library with ${libc[1]}`,
      'This executable was linked on a newer Linux: run it on a distribution at least as new (ldd --version shows yours), ' +
        'or in a container, or build it with scripts/build on this machine',
    );
  }
  if (/cannot open shared object file.*musl|ld-musl|libc\.musl/i.test(text)) {
    return fail(
      'a Linux with glibc',
      'Alpine and other musl systems need an executable that was built for them',
    );
  }
  return fail(
    `a temp directory that is writable, not mounted noexec, with 20 MB free; now ${directory}${setting ? ` from ${setting}` : ''}`,
    'At start the executable unpacks its native code there: set BUN_TMPDIR (or TMPDIR) to such a directory',
  );
}
