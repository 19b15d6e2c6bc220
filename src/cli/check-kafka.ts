// What `validate --connect` finds out about Kafka: is a broker there, does it accept us, are the topics there.

import type { ConnectorSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import { plainReason, withErrorCode } from '../kafka/event-error.ts';
import { classifyKafkaError, failureContext, type KafkaErrorLike } from '../kafka/failure.ts';
import type { RdConsumer, RdError, RdMetadata, TopicPartition } from '../kafka/rdkafka.ts';
import { topicFilter } from '../kafka/topics.ts';

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
  settings: ConnectorSettings;
  createClient: (config: Record<string, unknown>, topicConfig: Record<string, unknown>) => RdConsumer;
  /** Longest wait for one answer, ms. */
  timeoutMs: number;
}

/**
 * Asks a broker, without joining the group.
 * @throws SinkError exit code 4: KAFKA_UNREACHABLE, or what `classifyKafkaError` calls refused
 */
export async function checkKafka(options: CheckKafkaOptions): Promise<KafkaReport> {
  const { settings, createClient, timeoutMs } = options;
  const { 'auto.offset.reset': _, 'group.instance.id': __, ...properties } = settings.consumer;
  const client = createClient(properties, {});
  const trouble = listen(client, settings);
  try {
    const metadata = await connect(client, timeoutMs);
    const topics = matching(metadata, settings);
    const partitions = metadata.topics
      .filter(topic => topics.some(({ name }) => name === topic.name))
      .flatMap(topic => topic.partitions.map(({ id }) => ({ topic: topic.name, partition: id })));
    const committed = partitions.length === 0 ? [] : await committedOffsets(client, partitions, timeoutMs);
    return {
      brokers: metadata.brokers.length,
      topics,
      missing: (settings.topics ?? []).filter(name => !topics.some(topic => topic.name === name)),
      committed: committed.filter(({ offset }) => offset !== undefined && offset >= 0).length,
    };
  } catch (error) {
    throw trouble.explain(error as KafkaErrorLike);
  } finally {
    await new Promise<void>(resolve => client.disconnect(resolve));
  }
}

// --- internal ---

/** Collects what librdkafka says besides its answers: only its events tell a refusal, only its log the reason in full. */
function listen(client: RdConsumer, settings: ConnectorSettings) {
  const context = failureContext(settings, false);
  const events: KafkaErrorLike[] = [];
  const reasons = new Set<string>();
  client.on('event.log', (event: { fac: string; message: string }) => {
    if (event.fac === 'FAIL') reasons.add(plainReason(event.message));
  });
  client.on('event.error', (error: RdError) => events.push(withErrorCode(error)));
  return {
    /** The most telling of an error and the events around it. */
    explain(error: KafkaErrorLike): SinkError {
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

function connect(client: RdConsumer, timeout: number): Promise<RdMetadata> {
  return new Promise((resolve, reject) => {
    client.connect({ allTopics: true, timeout }, error => {
      if (error) {
        reject(error);
        return;
      }
      client.getMetadata({ allTopics: true, timeout }, (failed, metadata) =>
        failed ? reject(failed) : resolve(metadata),
      );
    });
  });
}

function committedOffsets(client: RdConsumer, partitions: TopicPartition[], timeoutMs: number) {
  return new Promise<Array<TopicPartition & { offset?: number }>>((resolve, reject) =>
    client.committed(partitions, timeoutMs, (error, offsets) => (error ? reject(error) : resolve(offsets))),
  );
}

function matching(metadata: RdMetadata, settings: ConnectorSettings): KafkaReport['topics'] {
  const read = topicFilter(settings);
  return metadata.topics
    .filter(({ name }) => read(name))
    .map(({ name, partitions }) => ({ name, partitions: partitions.length }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
