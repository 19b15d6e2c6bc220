// Runs in a worker (environments.test.ts): sends one message through its own client and answers what came back.
import { addon, closed, kafka, type Loose, producer } from './brokers.ts';

declare const self: Worker;

self.onmessage = async event => {
  const { bootstrap, topic, leaveOpen } = event.data as {
    bootstrap: string;
    topic: string;
    leaveOpen?: boolean;
  };
  const p = await producer({ name: 'mock', real: false, bootstrap });
  p.setPollInterval(10);
  const {
    offset,
    opaque,
    topic: reported,
  } = await new Promise<Loose>((resolve, reject) => {
    p.once('delivery-report', (error: Loose, r: Loose) => (error ? reject(error) : resolve(r)));
    p.produce(topic, 0, Buffer.from('from a worker'), 'k', Date.now(), { any: 'value' });
  });
  if (leaveOpen) {
    const c = new kafka.KafkaConsumer(
      { 'bootstrap.servers': bootstrap, 'group.id': 'left', rebalance_cb: true },
      {},
    );
    c.setDefaultConsumeTimeout(60_000);
    c.on('ready', () => {
      c.subscribe([topic]);
      c.consume(10, () => {});
      self.postMessage({});
    }).connect();
    return;
  }
  const own = p._client instanceof addon.Producer;
  await closed(p);
  self.postMessage({ offset, opaque, topic: reported, own });
};
