// An embedded Kafka for the demo: librdkafka's mock cluster, in a process of its own. Started as
// `bun run scripts/stack/mock-broker.ts TOPIC…`, it makes the topics (4 partitions each, the mock's default), prints
// its bootstrap servers and lives until its standard input ends. It keeps everything in memory.
import { loadKafka } from '../../src/kafka/load.ts';

const { Producer } = loadKafka();
const settings = {
  'test.mock.num.brokers': 1,
  'bootstrap.servers': 'mock',
  // The mock says what it is at start, as a warning.
  log_level: 0,
};
// The package's types do not know librdkafka's test settings.
const cluster = new Producer(settings as object);

cluster.on('ready', async () => {
  const topics = process.argv.slice(2);
  // The mock knows no CreateTopics: it makes a topic when its metadata are asked for.
  for (const topic of topics) await metadata(topic);
  const { brokers } = await metadata(topics[0]);
  console.log(brokers.map(broker => `${broker.host}:${broker.port}`).join(','));
});
cluster.connect({}, error => {
  if (!error) return;
  console.error(`the mock cluster did not start: ${error.message}`);
  process.exit(1);
});
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; who started it ends it, in order
process.stdin.on('end', () => process.exit(0)).resume();

function metadata(topic: string | undefined): Promise<{ brokers: { host: string; port: number }[] }> {
  return new Promise((resolve, reject) => {
    cluster.getMetadata({ timeout: 5000, ...(topic ? { topic } : {}) }, (error, found) => {
      if (error) reject(error);
      else resolve(found);
    });
  });
}
