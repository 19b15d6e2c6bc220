// The same addon in Node and Deno: the layer uses nothing but Node-API. A runtime that is missing is skipped by name.
import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { addonDirectory, KAFKA_ADDON } from '../../scripts/native/plugin.ts';
import { hostPlatform } from '../../scripts/native/toolchain.ts';

const runtimes = {
  node: commandOf(Bun.which('node')),
  deno: commandOf(denoExecutable(), 'run', '--allow-all', '--quiet'),
};

describe('the addon produces and consumes', () => {
  for (const [name, command] of Object.entries(runtimes)) {
    test.skipIf(!command)(
      `in ${name}`,
      async () => {
        const script = join(import.meta.dir, 'portable.cjs');
        const addon = join(addonDirectory(hostPlatform()), KAFKA_ADDON);
        const child = Bun.spawn([...(command ?? []), script, addon], { stdout: 'pipe', stderr: 'pipe' });
        const [out, err, code] = await Promise.all([
          new Response(child.stdout).text(),
          new Response(child.stderr).text(),
          child.exited,
        ]);
        expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
        expect(JSON.parse(out)).toEqual({ librdkafka: '2.15.1', records: 1000 });
      },
      60_000,
    );
  }
});

// --- internal ---

function commandOf(executable: string | null, ...args: string[]): string[] | undefined {
  return executable ? [executable, ...args] : undefined;
}

/** Deno's executable, from the npm package for this platform. */
function denoExecutable(): string | null {
  try {
    const require = createRequire(import.meta.url);
    const libc = process.platform === 'linux' ? '-glibc' : '';
    const path = join(dirname(require.resolve(`@deno/${hostPlatform()}${libc}/package.json`)), 'deno');
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
