// The native HTTP/2 client as an addon: several environments, the end of a process, and other runtimes.
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { addonDirectory, KAFKA_ADDON } from '../../scripts/native/plugin.ts';
import { hostPlatform } from '../../scripts/native/toolchain.ts';
import type { Http2Addon } from '../../src/milvus/client/http2-addon.ts';
import { nativePart } from '../../src/native.ts';
import { RawServer, settings, windowUpdate } from '../support/raw-http2.ts';

const ADDON = join(addonDirectory(hostPlatform()), KAFKA_ADDON);
const runtimes: [string, string | null][] = [
  ['bun', process.execPath],
  ['node', Bun.which('node')],
];

const OPEN_WINDOWS = Buffer.concat([settings([4, 0x7fffffff]), windowUpdate(0, 0x7fff0000)]);

/** Runs http2.cjs in another process. */
async function run(
  runtime: string,
  server: RawServer,
  how: string,
): Promise<{ code: number; out: string; err: string }> {
  const script = join(import.meta.dir, 'http2.cjs');
  const argv = [runtime, script, ADDON, String(server.port), how];
  const child = Bun.spawn(argv, { stdout: 'pipe', stderr: 'pipe' });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out: out.trim(), err };
}

for (const [name, runtime] of runtimes) {
  for (const [how, promise] of [
    ['calls', 'calls are answered, and nothing keeps the process when they are'],
    ['waiting', 'a process that ends by itself with calls under way ends'],
    ['exit', 'process.exit in the middle of calls does not hang or crash'],
    ['forgotten', 'a channel that is never closed does not keep the process'],
    ['workers', 'workers have channels of their own, and take them with them when they end'],
  ] as const) {
    test.skipIf(runtime === null)(
      `in ${name}: ${promise}`,
      async () => {
        const server = await RawServer.start(
          how === 'waiting' || how === 'exit' ? { onRequest: () => {} } : { greeting: OPEN_WINDOWS },
        );
        const expected = {
          calls: '200 answered',
          waiting: '1',
          exit: 'leaving',
          forgotten: '1 answered',
          workers: '40 answered',
        };
        expect(await run(runtime!, server, how)).toEqual({ code: 0, out: expected[how], err: '' });
        await server.stop();
      },
      30_000,
    );
  }
}

test('what a caller does wrong is an error, not a crash', () => {
  const http2 = nativePart<Http2Addon>('http2');
  const options = { host: '127.0.0.1', port: 1, authority: 'a', userAgent: 'u', metadata: [] };
  expect(() => http2.open({ ...options, port: 0 }, () => {})).toThrow('port');
  expect(() => http2.open({ ...options, host: undefined as never }, () => {})).toThrow();
  expect(() => http2.open(options, undefined as never)).toThrow();
  const channel = http2.open(options, () => {});
  expect(() => http2.call(channel, 1, '/a', 'text' as never, 1000)).toThrow('body');
  expect(() => http2.call(channel, 1, '/a', new Float32Array(2) as never, 1000)).toThrow('Uint8Array');
  expect(() => http2.call({} as never, 1, '/a', new Uint8Array(1), 1000)).toThrow();
  http2.cancel(channel, 77);
  http2.close(channel);
  http2.close(channel);
  http2.cancel(channel, 1);
  expect(() => http2.call(channel, 1, '/a', new Uint8Array(1), 1000)).toThrow('closed');
});
