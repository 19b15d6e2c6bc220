// Memory stays where it is, however many records and clients pass through the layer.
import { expect, test } from 'bun:test';
import { call, closed, consumer, mockCluster, producer, take } from './brokers.ts';

const MB = 1 << 20;

/** Resident bytes after collection. */
async function resident(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    Bun.gc(true);
    await Bun.sleep(20); // finalizers run from the event loop
  }
  return process.memoryUsage.rss();
}

test('consuming 600,000 records of 500 bytes (300 MB) leaves less than 40 MB', async () => {
  const broker = await mockCluster();
  const p = await producer(broker, { 'linger.ms': 5, dr_cb: false });
  const perPass = 5000; // what the mock cluster keeps of a partition is bounded by bytes
  const value = Buffer.alloc(500, 'v');
  for (let i = 0; i < perPass; i++) p.produce('memory', 0, value, `key-${i}`, Date.now(), null, [{ h: 'x' }]);
  await call(p, 'flush', 30_000);
  await closed(p);
  const c = await consumer(broker, { 'queued.max.messages.kbytes': 4096, 'fetch.wait.max.ms': 5 });
  const pass = async () => {
    c.assign([{ topic: 'memory', partition: 0, offset: 0 }]);
    expect((await take(c, perPass)).length).toBe(perPass);
  };
  for (let i = 0; i < 20; i++) await pass();
  const before = await resident();
  for (let i = 0; i < 120; i++) await pass();
  expect((await resident()) - before).toBeLessThan(40 * MB);
  await closed(c);
}, 120_000);

test('producing 200,000 records with opaques and reports leaves less than 30 MB', async () => {
  const broker = await mockCluster();
  const p = await producer(broker, { 'linger.ms': 5, 'queue.buffering.max.messages': 200_000 });
  p.setPollInterval(5);
  let reports = 0;
  p.on('delivery-report', () => reports++);
  const value = Buffer.alloc(200, 'v');
  const round = async () => {
    const want = reports + 20_000;
    for (let i = 0; i < 20_000; i++) p.produce('reports', 0, value, 'k', Date.now(), { i });
    await call(p, 'flush', 30_000);
    while (reports < want) await new Promise(resolve => p.once('delivery-report', resolve));
  };
  for (let i = 0; i < 3; i++) await round();
  const before = await resident();
  for (let i = 0; i < 10; i++) await round();
  expect((await resident()) - before).toBeLessThan(30 * MB);
  await closed(p);
}, 120_000);

test('clients that come and go leave little memory behind', async () => {
  const broker = await mockCluster();
  const cycle = async () => {
    const c = await consumer(broker, { rebalance_cb: true, offset_commit_cb: () => {} });
    await closed(c);
    await closed(await producer(broker));
  };
  for (let i = 0; i < 10; i++) await cycle();
  const before = await resident();
  for (let i = 0; i < 40; i++) await cycle();
  expect((await resident()) - before).toBeLessThan(40 * MB);
}, 120_000);
