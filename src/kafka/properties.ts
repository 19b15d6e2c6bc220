// What a client of librdkafka is configured with.

/** librdkafka properties by name; values as librdkafka takes them. */
export type KafkaProperties = Record<string, string | number | boolean>;
