// Several JavaScript environments in one process: each worker has its own, and they share the addon's static state.
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { closed, consumer, type Loose, mockCluster, producer, take, unique } from './brokers.ts';

const PRELOAD = join(import.meta.dir, '../../scripts/native/preload.ts');

test('workers come, work and go, at the same time and while the main thread works', async () => {
  const broker = await mockCluster();
  const p = await producer(broker);
  const topic = unique('native-worker');
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all([1, 2, 3].map(() => inWorker({ bootstrap: broker.bootstrap, topic })));
    for (const answer of answers)
      expect(answer).toMatchObject({ opaque: { any: 'value' }, topic, own: true });
    // Classes, property names and callbacks of the main thread are still its own.
    const c = await consumer(broker);
    c.assign([{ topic, partition: 0, offset: 0 }]);
    const messages = await take(c, 3 * (round + 1));
    expect(messages.map(m => m.offset)).toEqual(messages.map((_, i) => i));
    expect(messages[0]).toMatchObject({ topic, partition: 0, key: Buffer.from('k') });
    await closed(c);
  }
  await closed(p);
}, 60_000);

test('a worker that is terminated with an open client takes nothing with it', async () => {
  const broker = await mockCluster();
  for (let i = 0; i < 3; i++) await inWorker({ bootstrap: broker.bootstrap, topic: 'left', leaveOpen: true });
  const p = await producer(broker);
  const c = await consumer(broker);
  c.assign([{ topic: 'left', partition: 0, offset: 0 }]);
  expect((await take(c, 3)).length).toBeGreaterThanOrEqual(3);
  await Promise.all([closed(c), closed(p)]);
}, 60_000);

// --- internal ---

/** The answer of worker.ts; the worker is terminated then. */
function inWorker(order: { bootstrap: string; topic: string; leaveOpen?: boolean }): Promise<Loose> {
  const worker = new Worker(join(import.meta.dir, 'worker.ts'), { preload: [PRELOAD] });
  return new Promise((resolve, reject) => {
    worker.addEventListener('close', () => reject(new Error('the worker ended without an answer')));
    worker.onerror = event => reject(new Error(event.message));
    worker.onmessage = event => {
      worker.terminate();
      resolve(event.data);
    };
    worker.postMessage(order);
  });
}
