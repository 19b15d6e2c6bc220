// A record as it comes from Kafka: the official client's message object, taken as it is (no copy).

export interface KafkaRecord {
  topic: string;
  partition: number;
  offset: number;
  /** ms since the epoch; undefined when the broker has none. */
  timestamp?: number;
  key: Buffer | null;
  /** null is a tombstone. */
  value: Buffer | null;
  /** Bytes of the value. */
  size: number;
  headers?: ReadonlyArray<Record<string, Buffer | string>> | undefined;
}
