// Runs in Node and Deno (portability.test.ts): `portable.cjs ADDON` produces and consumes through librdkafka's
// mock cluster, checks a wrong receiver, and prints one JSON line.
const assert = require('node:assert');
const Module = require('node:module');

// The package looks for its addon with `bindings`; ours is given to it instead.
const load = Module._load;
const addon = require(process.argv[2]);
Module._load = function (request, ...rest) {
  return /(^|\/)librdkafka(\.js)?$/.test(request) ? addon : load.call(this, request, ...rest);
};
const kafka = require('@confluentinc/kafka-javascript');

const call = (client, method, ...args) =>
  new Promise((resolve, reject) =>
    client[method](...args, (error, value) => (error ? reject(error) : resolve(value))),
  );

async function main() {
  const p = new kafka.Producer({
    'test.mock.num.brokers': 1,
    'bootstrap.servers': 'none',
    dr_cb: true,
    log_level: 0,
  });
  await call(p, 'connect', { timeout: 10000 });
  p.setPollInterval(10);
  const reports = [];
  p.on('delivery-report', (error, report) => reports.push(error ?? report.opaque));
  for (let i = 0; i < 1000; i++)
    p.produce('portable', 0, Buffer.from(`value ${i}`), `key ${i}`, 1700000000000, i, [{ h: 'x' }]);
  await call(p, 'flush', 10000);
  while (reports.length < 1000) await new Promise(resolve => p.once('delivery-report', resolve));
  assert.deepStrictEqual(
    reports,
    Array.from({ length: 1000 }, (_, i) => i),
  );

  const { brokers } = await call(p, 'getMetadata', { timeout: 10000 });
  const c = new kafka.KafkaConsumer(
    { 'bootstrap.servers': brokers.map(b => `${b.host}:${b.port}`).join(), 'group.id': 'g', log_level: 0 },
    { 'auto.offset.reset': 'earliest' },
  );
  await call(c, 'connect', { timeout: 10000 });
  c.setDefaultConsumeTimeout(100);
  c.assign([{ topic: 'portable', partition: 0, offset: 0 }]);
  const messages = [];
  while (messages.length < 1000) messages.push(...(await call(c, 'consume', 1000)));
  messages.forEach((m, i) => {
    assert.ok(Buffer.isBuffer(m.value));
    assert.deepStrictEqual(
      [
        m.topic,
        m.partition,
        m.offset,
        m.timestamp,
        m.size,
        String(m.value),
        String(m.key),
        String(m.headers[0].h),
      ],
      ['portable', 0, i, 1700000000000, m.value.length, `value ${i}`, `key ${i}`, 'x'],
    );
  });

  const illegal = { name: 'TypeError', message: 'Illegal invocation' };
  assert.throws(() => addon.Producer.prototype.produce.call(c._client, 't', 0, null, null), illegal);
  assert.throws(() => addon.KafkaConsumer.prototype.subscribe.call({}, ['t']), illegal);
  await new Promise(resolve => c.disconnect(resolve));
  await new Promise(resolve => p.disconnect(resolve));
  console.log(JSON.stringify({ librdkafka: kafka.librdkafkaVersion, records: messages.length }));
}

// No process.exit: that nothing keeps the process alive is part of the test.
main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
