// The layer under the whole path of a record: produce, consume, commit, pause, seek, rebalance, transactions.
import { describe, expect, test } from 'bun:test';
import {
  brokers,
  call,
  closed,
  consumer,
  kafka,
  type Loose,
  makeTopic,
  producer,
  take,
  unique,
} from './brokers.ts';

for (const broker of await brokers()) {
  describe(broker.name, () => {
    test('a record arrives as it was sent: keys, headers, tombstone, empty, binary, UTF-8, timestamp', async () => {
      const topic = unique('native-record');
      await makeTopic(broker, topic);
      const p = await producer(broker);
      const send = (value: Buffer | null, key: string | Buffer | null, time?: number, headers?: Loose) =>
        p.produce(topic, 0, value, key, time ?? Date.now(), null, headers);
      send(Buffer.from('v'), 'k', 1_700_000_000_000, [{ a: 'x' }, { b: Buffer.from([0, 255]) }, { a: 'y' }]);
      send(null, Buffer.from([1, 0, 2]));
      send(Buffer.alloc(0), null);
      send(Buffer.from([0, 1, 2, 255]), '');
      send(Buffer.from('𝄞 héllo'), 'ключ');
      await call(p, 'flush', 10_000);
      const c = await consumer(broker);
      c.assign([{ topic, partition: 0, offset: 0 }]);
      const m = await take(c, 5);
      expect(m[0]).toEqual({
        value: Buffer.from('v'),
        headers: [{ a: Buffer.from('x') }, { b: Buffer.from([0, 255]) }, { a: Buffer.from('y') }],
        size: 1,
        key: Buffer.from('k'),
        topic,
        offset: 0,
        partition: 0,
        timestamp: 1_700_000_000_000,
        ...('leaderEpoch' in m[0] ? { leaderEpoch: m[0].leaderEpoch } : {}),
      });
      expect(Object.keys(m[1]).filter(name => name !== 'leaderEpoch')).toEqual([
        'value',
        'size',
        'key',
        'topic',
        'offset',
        'partition',
        'timestamp',
      ]);
      expect([m[1].value, m[1].key]).toEqual([null, Buffer.from([1, 0, 2])]);
      expect([m[2].value, m[2].key]).toEqual([Buffer.alloc(0), null]);
      expect(m[3].value).toEqual(Buffer.from([0, 1, 2, 255]));
      expect([m[4].value.toString(), m[4].key.toString()]).toEqual(['𝄞 héllo', 'ключ']);
      expect(m.map(x => x.offset)).toEqual([0, 1, 2, 3, 4]);
      await Promise.all([closed(c), closed(p)]);
    }, 30_000);

    test('topics whose names take turns are not mixed up', async () => {
      const topics = Array.from({ length: 40 }, (_, i) => unique(`native-turn${i}`));
      await Promise.all(topics.map(topic => makeTopic(broker, topic)));
      const p = await producer(broker);
      for (let i = 0; i < 10; i++) for (const topic of topics) p.produce(topic, 0, Buffer.from(topic));
      await call(p, 'flush', 20_000);
      const c = await consumer(broker);
      c.assign(topics.map(topic => ({ topic, partition: 0, offset: 0 })));
      const m = await take(c, 400);
      expect(m.filter(x => x.topic !== x.value.toString())).toEqual([]);
      expect(new Set(m.map(x => x.topic)).size).toBe(40);
      await Promise.all([closed(c), closed(p)]);
    }, 60_000);

    test('delivery reports bring back topic, offset, key and an opaque of any type', async () => {
      const topic = unique('native-report');
      await makeTopic(broker, topic);
      const p = await producer(broker);
      const reports: Loose[] = [];
      p.on('delivery-report', (error: Loose, report: Loose) => reports.push(error ?? report));
      p.setPollInterval(10);
      const opaques = [42, 'text', { a: 1 }, [1], true, 10n];
      for (const opaque of opaques) p.produce(topic, 0, Buffer.from('x'), 'k', Date.now(), opaque);
      await call(p, 'flush', 10_000);
      while (reports.length < opaques.length)
        await new Promise(resolve => p.once('delivery-report', resolve));
      expect(reports.map(r => r.opaque)).toEqual(opaques);
      expect(reports.map(r => [r.topic, r.offset, r.key.toString()])).toEqual(
        opaques.map((_, i) => [topic, i, 'k']),
      );
      await closed(p);
    }, 30_000);

    test('commit, committed, position, pause, resume and seek', async () => {
      const topic = unique('native-offsets');
      await makeTopic(broker, topic);
      const p = await producer(broker);
      for (let i = 0; i < 20; i++) p.produce(topic, i % 2, Buffer.from(String(i)));
      await call(p, 'flush', 10_000);
      const c = await consumer(broker);
      const zero = { topic, partition: 0 };
      const one = { topic, partition: 1 };
      c.assign([
        { ...zero, offset: 0 },
        { ...one, offset: 0 },
      ]);
      await take(c, 20);
      expect(c.position([zero, one]).map((x: Loose) => x.offset)).toEqual([10, 10]);
      await call(c, 'commitCb', [
        { ...zero, offset: 3 },
        { ...one, offset: 7 },
      ]);
      const committed = await call<Loose[]>(c, 'committed', [zero, one], 10_000);
      expect(committed.map(x => x.offset)).toEqual([3, 7]);
      c.pause([zero]);
      p.produce(topic, 0, Buffer.from('paused'));
      p.produce(topic, 1, Buffer.from('open'));
      await call(p, 'flush', 10_000);
      expect((await take(c, 1)).map(x => x.value.toString())).toEqual(['open']);
      c.resume([zero]);
      expect((await take(c, 1)).map(x => x.value.toString())).toEqual(['paused']);
      await call(c, 'seek', { ...zero, offset: 4 }, 10_000);
      expect((await take(c, 7)).map(x => x.offset)).toEqual([4, 5, 6, 7, 8, 9, 10]);
      await Promise.all([closed(c), closed(p)]);
    }, 60_000);

    const member = async (topic: string, group: string) => {
      const { ERR__ASSIGN_PARTITIONS } = kafka.CODES.ERRORS;
      const events: Array<[number, number]> = [];
      const c: Loose = await consumer(broker, {
        'group.id': group,
        'partition.assignment.strategy': 'cooperative-sticky',
        rebalance_cb: (error: Loose, assignment: Loose[]) => {
          events.push([error.code, assignment.length]);
          if (error.code === ERR__ASSIGN_PARTITIONS) c.incrementalAssign(assignment);
          else c.incrementalUnassign(assignment);
        },
      });
      c.subscribe([topic]);
      let polling = true;
      const polled = (async () => {
        while (polling) await call(c, 'consume', 100);
      })();
      const leave = async () => {
        polling = false;
        await polled;
        await closed(c);
      };
      return { events, leave, owns: () => c.assignments().length as number };
    };
    const until = async (condition: () => boolean) => {
      while (!condition()) await Bun.sleep(20);
    };
    const { ERR__ASSIGN_PARTITIONS, ERR__REVOKE_PARTITIONS } = kafka.CODES.ERRORS;

    test('partitions are assigned and revoked by callback', async () => {
      const topic = unique('native-assign');
      await makeTopic(broker, topic);
      const p = await producer(broker);
      p.produce(topic, 0, Buffer.from('x'));
      await call(p, 'flush', 10_000);
      const only = await member(topic, unique('native-assign'));
      await until(() => only.owns() === 4);
      await only.leave();
      expect(only.events).toEqual([
        [ERR__ASSIGN_PARTITIONS, 4],
        [ERR__REVOKE_PARTITIONS, 4],
      ]);
      await closed(p);
    }, 60_000);

    // The mock cluster gives a second member nothing.
    test.skipIf(!broker.real)(
      'a second member of the group takes half, and gives it back',
      async () => {
        const topic = unique('native-group');
        await makeTopic(broker, topic);
        const group = unique('native-group');
        const first = await member(topic, group);
        await until(() => first.owns() === 4);
        const second = await member(topic, group);
        await until(() => first.owns() === 2 && second.owns() === 2);
        expect(first.events).toContainEqual([ERR__REVOKE_PARTITIONS, 2]);
        await first.leave();
        await until(() => second.owns() === 4);
        await second.leave();
      },
      90_000,
    );

    test('a transaction is committed', async () => {
      const topic = unique('native-tx');
      await makeTopic(broker, topic);
      const p = await producer(broker, { 'transactional.id': unique('tx') });
      await call(p, 'initTransactions', 20_000);
      await call(p, 'beginTransaction');
      p.produce(topic, 0, Buffer.from('in a transaction'));
      await call(p, 'commitTransaction', 20_000);
      const c = await consumer(broker, { 'isolation.level': 'read_committed' });
      c.assign([{ topic, partition: 0, offset: 0 }]);
      expect((await take(c, 1))[0].value.toString()).toBe('in a transaction');
      await Promise.all([closed(c), closed(p)]);
    }, 60_000);

    test('consumers that wait for messages do not hold up the runtime’s own threads', async () => {
      const topic = unique('native-idle');
      await makeTopic(broker, topic);
      const idle = await Promise.all(Array.from({ length: 8 }, () => consumer(broker)));
      let waiting = idle.length;
      for (const c of idle) {
        c.assign([{ topic, partition: 3, offset: 0 }]);
        c.setDefaultConsumeTimeout(1500);
        c.consume(10, () => waiting--);
      }
      for (let i = 0; i < 20; i++) await Bun.file(import.meta.path).text();
      expect(waiting).toBe(8);
      await Promise.all(idle.map(closed));
    }, 30_000);
  });
}
