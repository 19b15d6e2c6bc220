// One connector as the worker sees it: started once, stopped once, asked for a snapshot at any time. It shares nothing
// with another one: not its consumers, its connection to Milvus, its waits or its limits.
import type { SinkError } from '../errors.ts';
import type { ConnectorSnapshot } from '../observe/snapshot.ts';

export interface Connector {
  readonly name: string;
  /** Runs until `stop`, or until something ends it. Never rejects. @returns what ended it; undefined after `stop` */
  run(): Promise<SinkError | undefined>;
  /** What is in flight is finished and committed; `run` then resolves. */
  stop(): void;
  snapshot(): ConnectorSnapshot;
}
