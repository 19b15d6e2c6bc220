// What goes wrong reaches JavaScript as an exception or an error, and nothing crashes.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  addon,
  type Broker,
  call,
  closed,
  connected,
  consumer,
  kafka,
  mockCluster,
  producer,
} from './brokers.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await mockCluster();
});

describe('configuration', () => {
  test('an unknown property and a bad value throw', () => {
    expect(() => new kafka.Producer({ 'no.such': 1 })).toThrow('No such configuration property: "no.such"');
    expect(() => new kafka.KafkaConsumer({ 'group.id': 'g' }, { 'auto.offset.reset': 'nope' })).toThrow(
      'Invalid value "nope" for configuration property "auto.offset.reset"',
    );
  });

  test('the exception of a getter comes through', () => {
    const config = Object.defineProperty({}, 'client.id', {
      enumerable: true,
      get() {
        throw new RangeError('from the getter');
      },
    });
    expect(() => new kafka.Producer(config)).toThrow(new RangeError('from the getter'));
  });
});

describe('wrong receivers and arguments', () => {
  test('a method on an object of another class throws a TypeError', async () => {
    const p = await producer(broker);
    const c = await consumer(broker);
    const { Producer, KafkaConsumer, AdminClient } = addon;
    const illegal = new TypeError('Illegal invocation');
    expect(() => Producer.prototype.produce.call(c._client, 't', 0, Buffer.from('x'), null)).toThrow(illegal);
    expect(() => KafkaConsumer.prototype.subscribe.call(p._client, ['t'])).toThrow(illegal);
    expect(() => KafkaConsumer.prototype.assignments.call(p._client)).toThrow(illegal);
    expect(() => AdminClient.prototype.disconnect.call(c._client)).toThrow(illegal);
    for (const self of [{}, [], new Map(), Buffer.from('x'), () => {}, undefined, null, 1, 'text']) {
      expect(() => KafkaConsumer.prototype.subscribe.call(self, ['t'])).toThrow(illegal);
    }
    expect(() => KafkaConsumer.prototype.subscribe.call(Object.create(c._client), ['t'])).toThrow(illegal);
    await Promise.all([closed(c), closed(p)]);
  });

  test('an argument that is no client throws a TypeError', async () => {
    const p = await producer(broker, { 'transactional.id': 'wrong-consumer' });
    expect(() => p._client.sendOffsetsToTransaction([], p._client, 1000, () => {})).toThrow(
      new TypeError('Illegal invocation'),
    );
    await closed(p);
  });

  test('wrong numbers and types of arguments throw', async () => {
    const c = await consumer(broker);
    expect(() => c._client.consume()).toThrow('Invalid number of parameters');
    expect(() => c._client.seek('x')).toThrow('Must provide a topic partition, timeout, and callback');
    expect(() => c._client.constructor()).toThrow();
    await closed(c);
    expect(() => c.subscribe(['x'])).toThrow('Local: Erroneous state');
  });

  test('a value that is no Buffer and a header of a wrong type throw', async () => {
    const p = await producer(broker);
    expect(() => p.produce('t', 0, 'text')).toThrow('Message must be a buffer or null');
    expect(() => p.produce('t', 0, Buffer.from('x'), null, Date.now(), null, [{ h: 5 }])).toThrow(
      'Header value must be a string or buffer',
    );
    expect(() => p.produce('t', 0, Buffer.alloc(2_000_000))).toThrow('Message size too large');
    await closed(p);
  });
});

describe('failures on other threads', () => {
  test('a broker that is not there ends connect with an error and raises connection.failure', async () => {
    const p = new kafka.Producer({ 'bootstrap.servers': '127.0.0.1:1', log_level: 0 });
    const event = new Promise(resolve => p.once('connection.failure', resolve));
    await expect(call(p, 'connect', { timeout: 500 })).rejects.toThrow('broker transport failure');
    expect(await event).toMatchObject({ message: 'broker transport failure' });
  });

  test('a message that cannot be delivered is reported with its error', async () => {
    const p = new kafka.Producer(
      { 'test.mock.num.brokers': 1, 'bootstrap.servers': 'none', dr_cb: true, log_level: 0 },
      {
        'message.timeout.ms': 300,
      },
    );
    await connected(p);
    p.setPollInterval(10);
    const report = new Promise<[Error, { topic: string }]>(resolve =>
      p.once('delivery-report', (error: Error, r: { topic: string }) => resolve([error, r])),
    );
    p.produce('no-such-partition', 99, Buffer.from('x'));
    const [error, r] = await report;
    expect(error).toBeInstanceOf(Error);
    expect(r.topic).toBe('no-such-partition');
    await closed(p);
  });

  test('an exception of a callback becomes an uncaught exception', async () => {
    const script = `
      const k = require('@confluentinc/kafka-javascript');
      process.on('uncaughtException', e => { console.log('uncaught', e.message); process.exit(7); });
      const p = new k.Producer({ 'test.mock.num.brokers': 1, 'bootstrap.servers': 'none', log_level: 0 });
      p.on('ready', () => p.getMetadata({ timeout: 5000 }, () => { throw new Error('from the callback'); }));
      p.connect();`;
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' });
    expect(await new Response(child.stdout).text()).toBe('uncaught from the callback\n');
    expect(await child.exited).toBe(7);
  });

  test('process.exit with open clients and a waiting consume ends at once, with its code', async () => {
    const script = `
      const k = require('@confluentinc/kafka-javascript');
      const p = new k.Producer({ 'test.mock.num.brokers': 1, 'bootstrap.servers': 'none', log_level: 0 });
      p.on('ready', () => p.getMetadata({ timeout: 5000 }, (e, m) => {
        const servers = m.brokers.map(b => b.host + ':' + b.port).join(',');
        const c = new k.KafkaConsumer({ 'bootstrap.servers': servers, 'group.id': 'g', rebalance_cb: true, log_level: 0 }, {});
        c.setDefaultConsumeTimeout(600000);
        c.on('ready', () => { c.subscribe(['t']); c.consume(10, () => {}); setImmediate(() => process.exit(3)); }).connect();
      }));
      p.connect();`;
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' });
    expect(await child.exited).toBe(3);
  }, 30_000);
});
