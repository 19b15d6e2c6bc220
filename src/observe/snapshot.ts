// The state of what runs, asked for when somebody looks: plain data, the same for metrics, health and the log.
import type { Check, CheckName } from './health.ts';

export interface PartitionSnapshot {
  topic: string;
  partition: number;
  /** Offset up to which the group has committed; undefined before it is known. */
  committedOffset: number | undefined;
  /** Records still to be written; undefined before it is known. */
  lagRecords: number | undefined;
}

export interface TaskSnapshot {
  id: number;
  /** Those that it reads now. */
  partitions: PartitionSnapshot[];
  /** Rows read and not yet acknowledged. */
  bufferedRows: number;
  /** Requests sent and not yet answered. */
  requestsInFlight: number;
}

/** As Kafka Connect's, as far as a connector here can be in them. */
export type ConnectorState = 'STARTING' | 'RUNNING' | 'STOPPING' | 'STOPPED' | 'FAILED';

export interface ConnectorSnapshot {
  name: string;
  state: ConnectorState;
  /** Why it is FAILED: code and message of the error. */
  reason?: string;
  ready: boolean;
  checks: Record<CheckName, Check>;
  /** Read and not yet acknowledged, over all tasks. */
  bufferedRows: number;
  bufferedBytes: number;
  requestsInFlight: number;
  /** Requests that may be in flight, as learned. */
  requestLimit: number;
  tasks: TaskSnapshot[];
  /** Lines for a person: what it reads and writes. No secrets. */
  about: Readonly<Record<string, string>>;
}
