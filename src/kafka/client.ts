// The official client made of librdkafka's properties, in one way for the consumer that runs and for who asks beforehand.
import { SinkError } from '../errors.ts';
import { loadKafka } from './load.ts';
import { Poller } from './poller.ts';
import type { KafkaProperties } from './properties.ts';
import type { RdCallbacks, RdConsumer, RdError } from './rdkafka.ts';

/** Makes a client of its global and its topic properties. @throws what librdkafka has against them */
export type CreateClient = (
  properties: Record<string, unknown>,
  topicProperties: Record<string, unknown>,
) => RdConsumer;

/** librdkafka has properties of a client and of its topics. */
export interface ClientProperties {
  properties: KafkaProperties;
  topicProperties: KafkaProperties;
}

/** How often a client says in which state it is, unless it is configured, ms. */
export const STATISTICS_MS = 5000;

/**
 * Loads the package now, so that a machine that cannot is known before anything waits for Kafka.
 * @throws SinkError NATIVE_LOAD
 */
export function officialClient(): CreateClient {
  const { KafkaConsumer } = loadKafka();
  return (properties, topicProperties) => {
    // The package's types know fewer properties than librdkafka, and a callback less.
    const made = new KafkaConsumer(properties as never, topicProperties as never) as unknown as RdConsumer;
    made.poller = () => new Poller(made);
    return made;
  };
}

/** What a client is made of, with our defaults. */
export function clientProperties(consumer: KafkaProperties): ClientProperties {
  // The one topic property of a consumer: among the global ones the binding's own topic configuration hides it.
  const { 'auto.offset.reset': offsetReset = 'earliest', ...properties } = consumer;
  return {
    properties: {
      'reconnect.backoff.max.ms': Math.max(RECONNECT_MAX_MS, Number(properties['reconnect.backoff.ms'] ?? 0)),
      ...properties,
      // They find a partition that is not read, and so they cannot be switched off.
      'statistics.interval.ms':
        Number(properties['statistics.interval.ms'] ?? STATISTICS_MS) || STATISTICS_MS,
    },
    topicProperties: { 'auto.offset.reset': offsetReset },
  };
}

/**
 * Makes a client, which does nothing yet.
 * @throws SinkError CONFIG_INVALID when librdkafka does not take the properties
 */
export function makeClient(
  consumer: KafkaProperties,
  create: CreateClient,
  callbacks?: RdCallbacks,
): RdConsumer {
  const { properties, topicProperties } = clientProperties(consumer);
  try {
    return create({ ...properties, ...callbacks }, topicProperties);
  } catch (error) {
    throw refusedProperties(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Starts a client, which looks for brokers from then on, without waiting for one: the package throws a client away
 * whose first question is not answered in time, and so that question is answered here.
 * @throws SinkError CONFIG_INVALID when librdkafka does not take the properties
 */
export async function startClient(client: RdConsumer): Promise<void> {
  client.getMetadata = (_, answered) => answered(null, { brokers: [], topics: [] });
  const failure = await new Promise<RdError | null>(resolve => client.connect({}, resolve));
  delete (client as Partial<RdConsumer>).getMetadata;
  if (failure) throw refusedProperties(failure.message);
}

// --- internal ---

/** As in Java's client; librdkafka would let a broker that is back wait for up to 10 s. */
const RECONNECT_MAX_MS = 1000;

function refusedProperties(found: string): SinkError {
  return new SinkError('CONFIG_INVALID', "librdkafka does not take the consumer's settings", {
    found,
    fix: 'Correct the consumer.* or consumer.override.* setting that it names',
  });
}
