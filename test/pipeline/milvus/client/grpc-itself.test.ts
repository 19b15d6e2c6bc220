// What gRPC does by itself: its own messages, and the pings that look for a dead connection.
import { afterEach, expect, setDefaultTimeout, spyOn, test } from 'bun:test';
import { connectMilvus } from '../../../../src/milvus/client/connection.ts';
import { createLogger } from '../../../../src/observe/log.ts';
import { guideCollection } from '../../../support/fake-milvus.ts';
import { eventually } from '../../../support/pipeline.ts';
import { closeAll, connect, guideRows, startFake } from './connect.ts';

setDefaultTimeout(30_000);
afterEach(closeAll);

test("gRPC's own messages are lines of the log, in its format, and nothing else is written", async () => {
  const raw = spyOn(console, 'error').mockImplementation(() => {});
  const milvus = await startFake({ collections: [guideCollection('c', 2)] });
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    now: () => new Date(),
    write: line => void lines.push(line),
    mask: text => text,
  });
  const connection = await connectMilvus(milvus.settings('c'), { log });
  milvus.complainOfPings();
  await eventually(() => lines.length > 0 || raw.mock.calls.length > 0, 'gRPC says something');
  expect(raw.mock.calls).toEqual([]);
  expect(lines.map(line => JSON.parse(line))).toEqual([
    {
      time: expect.any(String),
      level: 'warn',
      message: expect.stringMatching(/^gRPC: Connection to dns:127\.0\.0\.1:\d+ .*because of excess pings/),
    },
  ]);
  await connection.close();
  raw.mockRestore();
});

test('a connection is pinged during a call, not while it is idle', async () => {
  const collections = [guideCollection('c', 2)];
  const [idle, busy] = await Promise.all([startFake({ collections }), startFake({ collections })]);
  await connect(idle.settings('c'));
  const { writer } = await connect(busy.settings('c'));
  busy.faults.push({ hang: true });
  const abort = new AbortController();
  const { signal } = abort;
  const written = writer.write('upsert', guideRows('c', [1]), 1, { timeoutMs: 3_600_000, signal });
  await eventually(() => busy.pings > 0, 'a ping during the call', 20_000);
  expect(idle.pings).toBe(0); // it was there before the other one
  abort.abort();
  await written;
});
