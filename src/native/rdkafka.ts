// The part of the official client's RdKafka API that we use, typed as it behaves (its own types say less).
import type { KafkaRecord } from '../source/record.ts';

export interface TopicPartition {
  topic: string;
  partition: number;
}

export interface RdError {
  code: number;
  message: string;
}

export type RdMessage = KafkaRecord;

export interface RdConsumer {
  connect(
    options: { allTopics?: boolean; topic?: string; timeout?: number },
    cb: (error: RdError | null) => void,
  ): void;
  disconnect(cb: () => void): void;
  isConnected(): boolean;
  on(event: string, listener: (...args: never[]) => void): this;
  setDefaultConsumeTimeout(ms: number): void;
  setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void;
  subscribe(topics: string[]): void;
  unsubscribe(): void;
  consume(max: number, cb: (error: RdError | null, messages: RdMessage[]) => void): void;
  assignments(): TopicPartition[];
  assign(partitions: TopicPartition[]): void;
  unassign(): void;
  incrementalAssign(partitions: TopicPartition[]): void;
  incrementalUnassign(partitions: TopicPartition[]): void;
  assignmentLost(): boolean;
  rebalanceProtocol(): 'NONE' | 'COOPERATIVE' | 'EAGER';
  pause(partitions: TopicPartition[]): void;
  resume(partitions: TopicPartition[]): void;
  commitCb(offsets: Array<TopicPartition & { offset: number }>, cb: (error: RdError | null) => void): void;
  getWatermarkOffsets(topic: string, partition: number): { lowOffset: number; highOffset: number };
  getMetadata(
    options: { allTopics?: boolean; topic?: string; timeout?: number },
    cb: (error: RdError | null, metadata: RdMetadata) => void,
  ): void;
  committed(
    partitions: TopicPartition[] | null,
    timeoutMs: number,
    cb: (error: RdError | null, offsets: Array<TopicPartition & { offset?: number }>) => void,
  ): void;
}

export interface RdMetadata {
  brokers: Array<{ id: number; host: string; port: number }>;
  topics: Array<{ name: string; partitions: Array<{ id: number; leader: number }> }>;
}
