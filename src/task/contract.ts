// A task owns everything of its partitions: the consumer, their offsets, decoding, mapping and delivery. Outward it speaks
// in events (observe/events.ts) and snapshots (observe/snapshot.ts) of plain data; what it shares with the other tasks of
// its connector is handed out by a budget (deliver/budget.ts).

import type { StopMode } from '../deliver/delivery.ts';
import type { TopicPartitionOffset } from '../kafka/offsets.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { TaskSnapshot } from '../observe/snapshot.ts';

/** Where a task's rows go. */
export interface TaskTarget {
  connection: MilvusConnection;
  schema: CollectionSchema;
}

/** In the order in which its connector calls it. From `stop` on any call may come before those above it. */
export interface Task {
  /** Tries until a broker answers, or the connector stops. Kafka not being there is no error. */
  connect(): Promise<void>;
  /**
   * Joins the group, and reads and delivers until the connector stops.
   * @throws SinkError when the collection cannot be written at all
   */
  run(target: TaskTarget): Promise<void>;
  /** With `topics.regex`: reads these topics from now on. */
  subscribe(topics: string[]): void;
  /** All topics of the cluster that this user may see. @throws the client's error */
  listTopics(): Promise<string[]>;
  /** Housekeeping, several times a second. */
  tick(): void;
  snapshot(): TaskSnapshot;
  /**
   * Ends the delivery: resolves when no request of it is out any more.
   * @param flushMs how long `flush` goes on sending
   * @returns false when something that was to be written is not
   */
  stop(mode: StopMode, flushMs: number): Promise<boolean>;
  /**
   * The last commit: what is done, after `stop`.
   * @returns what is written and could not be committed in time
   */
  commit(): Promise<TopicPartitionOffset[]>;
  /** Leaves the group, which then rebalances: until that is over, Kafka may refuse commits of the other tasks. */
  close(): Promise<void>;
}
