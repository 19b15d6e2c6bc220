// What a client of librdkafka is configured with.
import type { TopicSelection } from './topics.ts';

/** librdkafka properties by name; values as librdkafka takes them. */
export type KafkaProperties = Record<string, string | number | boolean>;

/** What a connector reads, and as whom. */
export interface ConsumerSettings extends TopicSelection {
  consumer: KafkaProperties;
  groupId: string;
}
