// What `validate --connect` finds out about Kafka: is a broker there, does it accept us, are the topics there.

import { SinkError } from '../errors.ts';
import { type CreateClient, makeClient } from './client.ts';
import { plainReason, withErrorCode } from './event-error.ts';
import { classifyKafkaError, failureContext } from './failure.ts';
import type { ConsumerSettings } from './properties.ts';
import { askCommitted, askMetadata } from './questions.ts';
import type { RdConsumer, RdError, RdMetadata } from './rdkafka.ts';
import { topicFilter } from './topics.ts';

export interface KafkaReport {
  brokers: number;
  /** Topics that will be read, with their partitions. */
  topics: { name: string; partitions: number }[];
  /** Names of `topics` that the broker does not show. */
  missing: string[];
  /** Partitions of these topics on which the group has a committed offset. */
  committed: number;
}

export interface CheckKafkaOptions {
  settings: ConsumerSettings;
  createClient: CreateClient;
  /** Longest wait for one answer, ms. */
  timeoutMs: number;
}

/**
 * Asks a broker, without joining the group.
 * @throws SinkError KAFKA_UNREACHABLE, or what `classifyKafkaError` calls refused
 */
export async function checkKafka(options: CheckKafkaOptions): Promise<KafkaReport> {
  const { settings, createClient, timeoutMs } = options;
  const { 'group.instance.id': _, ...consumer } = settings.consumer;
  const client = makeClient(consumer, createClient);
  const trouble = listen(client, settings);
  try {
    await connect(client, timeoutMs);
    const metadata = await askMetadata(client, { allTopics: true, timeoutMs });
    const topics = matching(metadata, settings);
    const partitions = metadata.topics
      .filter(topic => topics.some(({ name }) => name === topic.name))
      .flatMap(topic => topic.partitions.map(({ id }) => ({ topic: topic.name, partition: id })));
    const committed = partitions.length === 0 ? [] : await askCommitted(client, partitions, timeoutMs);
    return {
      brokers: metadata.brokers.length,
      topics,
      missing: (settings.topics ?? []).filter(name => !topics.some(topic => topic.name === name)),
      committed: committed.filter(({ offset }) => offset !== undefined && offset >= 0).length,
    };
  } catch (error) {
    throw trouble.explain(error as RdError);
  } finally {
    await new Promise<void>(resolve => client.disconnect(resolve));
  }
}

// --- internal ---

/** Collects what librdkafka reports beside its answers: only its events tell a refusal, only its log the reason in full. */
function listen(client: RdConsumer, settings: ConsumerSettings) {
  const context = failureContext(settings, false);
  const events: RdError[] = [];
  const reasons = new Set<string>();
  client.on('event.log', (event: { fac: string; message: string }) => {
    if (event.fac === 'FAIL') reasons.add(plainReason(event.message));
  });
  client.on('event.error', (error: RdError) => events.push(withErrorCode(error)));
  return {
    /** The most telling of an error and the events around it. */
    explain(error: RdError): SinkError {
      const found = reasons.size > 0 ? [...reasons].join('; ') : error.message;
      for (const { code } of [error, ...events]) {
        const verdict = classifyKafkaError({ code, message: found }, context);
        if (verdict.kind === 'refused') return verdict.error;
      }
      return new SinkError('KAFKA_UNREACHABLE', 'Kafka does not answer', {
        where: context.where,
        found,
        fix: 'Check bootstrap.servers and security.protocol (a running sink would wait for it)',
        cause: error,
      });
    },
  };
}

function connect(client: RdConsumer, timeout: number): Promise<void> {
  return new Promise((resolve, reject) =>
    client.connect({ allTopics: true, timeout }, error => (error ? reject(error) : resolve())),
  );
}

function matching(metadata: RdMetadata, settings: ConsumerSettings): KafkaReport['topics'] {
  const read = topicFilter(settings);
  return metadata.topics
    .filter(({ name }) => read(name))
    .map(({ name, partitions }) => ({ name, partitions: partitions.length }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
