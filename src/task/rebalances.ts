// Partitions come and go: what the task begins with when it gets one, and what it finishes before it gives one up.
import type { OffsetTracker, PartitionOffsets } from '../kafka/offsets.ts';
import type { RdError, RdOffset, TopicPartition } from '../kafka/rdkafka.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Waits } from '../observe/waits.ts';
import type { Committable } from './committer.ts';

export interface RebalancesOptions {
  taskId: number;
  tracker: OffsetTracker;
  /** Finishes what is in flight of these. @param lost somebody else has them already */
  release: (partitions: ReadonlySet<PartitionOffsets>, lost: boolean) => Promise<unknown>;
  /** The last commit of partitions that go, bounded in time. */
  commitLeaving: (partitions: readonly Committable[]) => Promise<void>;
  events: Pick<TaskEvents, 'rebalanced'>;
  waits: Waits;
  log: Logger;
}

export class TaskRebalances {
  constructor(private readonly options: RebalancesOptions) {}

  assigned(partitions: TopicPartition[], committed: Promise<RdOffset[]>): void {
    const { taskId, tracker, events, waits, log } = this.options;
    for (const { topic, partition } of partitions) tracker.assign(topic, partition);
    if (partitions.length > 0) {
      waits.end('kafka', 'topics', 'partitions assigned');
      log.info('partitions assigned', { task: taskId, partitions: names(partitions) });
      void this.readCommitted(committed);
    }
    events.rebalanced('assigned');
  }

  /** Resolves when the partitions may go: nothing more of theirs is written, and what is done is committed. */
  async revoked(partitions: TopicPartition[], lost: boolean): Promise<void> {
    const { taskId, tracker, release, commitLeaving, events, log } = this.options;
    const leaving: Committable[] = [];
    for (const { topic, partition } of partitions) {
      const offsets = tracker.get(topic, partition);
      if (!offsets) continue;
      leaving.push({ topic, partition, offsets });
      tracker.revoke(topic, partition);
    }
    if (partitions.length > 0)
      log.info(lost ? 'partitions lost' : 'partitions revoked', {
        task: taskId,
        partitions: names(partitions),
      });
    events.rebalanced(lost ? 'lost' : 'revoked');
    // While the connector stops, too: what is in flight still is.
    await release(new Set(leaving.map(({ offsets }) => offsets)), lost);
    if (!lost) await commitLeaving(leaving);
  }

  // --- internal ---

  private async readCommitted(committed: Promise<RdOffset[]>): Promise<void> {
    const { tracker, log } = this.options;
    try {
      for (const { topic, partition, offset } of await committed) {
        const offsets = tracker.get(topic, partition);
        // What this process committed in the meantime is newer.
        if (offset === undefined || offset < 0 || !offsets || offsets.committed !== undefined) continue;
        offsets.commit(offset);
      }
    } catch (error) {
      log.debug(`the committed offsets are not known yet: ${(error as RdError).message}`);
    }
  }
}

// --- internal ---

function names(partitions: TopicPartition[]): string {
  return partitions.map(p => `${p.topic}-${p.partition}`).join(',');
}
