// The part of the official client's RdKafka API that we use, typed as it behaves (its own types say less).
import type { Chunk } from '../record/chunk.ts';
import type { PlanHandle } from '../record/native-rows.ts';

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** An error as the official client reports it. */
export interface RdError {
  code: number;
  message: string;
}

export interface RdOffset extends TopicPartition {
  /** Absent where there is none. */
  offset?: number;
}

/** What the package makes of a configuration's `rebalance_cb` and `offset_commit_cb`: both come while somebody polls. */
export interface RdCallbacks {
  rebalance_cb(error: RdError, partitions: TopicPartition[]): void;
  /** The broker's answer to a commit. `error` is the last one, when any of the partitions has one; it names none. */
  offset_commit_cb(error: RdError | undefined, offsets: RdOffset[]): void;
}

/** What a poll brought. */
export interface Polled {
  /** undefined: no record. */
  batch: Chunk | undefined;
  /** What librdkafka said instead of a record. */
  errors: RdError[];
}

export interface RecordPoller {
  /**
   * One poll: one at a time. Nothing once it was stopped.
   * @param waitMs for the first record; what else is there comes with it
   * @param plan how plain records become rows meanwhile; null: none does
   * @throws Error when records were lost: nothing may be committed any more
   */
  poll(maxRecords: number, waitMs: number, plan: PlanHandle | null): Promise<Polled>;
  /** Ends a poll that is under way, with what it has. Resolves when the client may be closed. */
  stop(): Promise<void>;
}

export interface RdConsumer {
  connect(
    options: { allTopics?: boolean; topic?: string; timeout?: number },
    cb: (error: RdError | null) => void,
  ): void;
  disconnect(cb: () => void): void;
  isConnected(): boolean;
  on(event: string, listener: (...args: never[]) => void): this;
  /** The native object that stands behind it. */
  getClient(): object;
  /** Ours: what takes records from a connected client, past the package's own `consume`. One a client. */
  poller(): RecordPoller;
  subscribe(topics: string[]): void;
  unsubscribe(): void;
  assignments(): TopicPartition[];
  /** With an offset where reading is to begin there, not where the group was. */
  assign(partitions: Array<TopicPartition & { offset?: number }>): void;
  unassign(): void;
  incrementalAssign(partitions: Array<TopicPartition & { offset?: number }>): void;
  incrementalUnassign(partitions: TopicPartition[]): void;
  assignmentLost(): boolean;
  rebalanceProtocol(): 'NONE' | 'COOPERATIVE' | 'EAGER';
  pause(partitions: TopicPartition[]): void;
  resume(partitions: TopicPartition[]): void;
  /** Calls back when the commit is queued; see `offset_commit_cb` for what became of it. */
  commitCb(offsets: Array<TopicPartition & { offset: number }>, cb: (error: RdError | null) => void): void;
  /** Of what was polled; asks no broker. @throws the client's error; one of a single partition stands in the list. */
  position(partitions: TopicPartition[]): Array<RdOffset | Error>;
  /** Asks the broker, on a thread of its own. */
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    cb: (error: RdError | null, offsets: { lowOffset: number; highOffset: number }) => void,
  ): void;
  /** As of the last fetch; asks no broker. @throws the client's error when there was none */
  getWatermarkOffsets(topic: string, partition: number): { lowOffset: number; highOffset: number };
  getMetadata(
    options: { allTopics?: boolean; topic?: string; timeout?: number },
    cb: (error: RdError | null, metadata: RdMetadata) => void,
  ): void;
  committed(
    partitions: TopicPartition[] | null,
    timeoutMs: number,
    cb: (error: RdError | null, offsets: RdOffset[]) => void,
  ): void;
}

export interface RdMetadata {
  brokers: Array<{ id: number; host: string; port: number }>;
  topics: Array<{ name: string; partitions: Array<{ id: number; leader: number }> }>;
}

/** Error codes that have a name in our code (rdkafka.h rd_kafka_resp_err_t); what each means is in failure.ts. */
export const CODE = {
  ALL_BROKERS_DOWN: -187,
  ASSIGN_PARTITIONS: -175,
  AUTHENTICATION: -169,
  AUTO_OFFSET_RESET: -140,
  DESTROY: -197,
  FATAL: -150,
  SSL: -181,
  TIMED_OUT: -185,
  TRANSPORT: -195,
  /** Also where the package has lost the code. */
  UNKNOWN: -1,
} as const;
