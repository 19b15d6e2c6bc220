// Moves the group's offsets after the acknowledgements: one commit at a time, and done only when Kafka has stored it.

import type { CommitResult } from '../kafka/commit.ts';
import { isGroupMoving } from '../kafka/failure.ts';
import type { PartitionOffsets, TopicPartitionOffset } from '../kafka/offsets.ts';
import type { RdError } from '../kafka/rdkafka.ts';
import type { Logger } from '../observe/log.ts';
import { LogLimit } from '../observe/log-limit.ts';

/** A partition whose offset may be committed. */
export interface Committable {
  topic: string;
  partition: number;
  offsets: PartitionOffsets;
}

export interface CommitterOptions {
  /** @throws the client's error when there is no answer to come */
  send(offsets: TopicPartitionOffset[]): Promise<CommitResult[]>;
  /** Kafka has stored the offset. */
  stored(partition: Committable, offset: number): void;
  /** A commit failed for another reason than a group that moves. */
  failed(error: RdError): void;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
}

export class Committer {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;
  private readonly warnings: LogLimit;

  constructor(private readonly options: CommitterOptions) {
    this.warnings = new LogLimit({
      log: options.log,
      now: options.now,
      everyMs: WARN_EVERY_MS,
      countedAs: 'failed_before',
    });
  }

  /** A commit is on its way. */
  get busy(): boolean {
    return this.waiting > 0;
  }

  /**
   * Commits what is done of these, after the commits asked for before. What fails stays dirty, for the next commit or
   * for the partition's next owner.
   * @param partitions looked at when it is their turn
   * @param until ms of the clock: not begun any more after that, for the partitions may be another's by then
   * @throws a defect only
   */
  commit(partitions: () => Iterable<Committable>, until = Number.POSITIVE_INFINITY): Promise<void> {
    this.waiting++;
    const turn = this.last.then(() => this.send(partitions, until)).finally(() => this.waiting--);
    this.last = turn.catch(() => {});
    return turn;
  }

  // --- internal ---

  private async send(partitions: () => Iterable<Committable>, until: number): Promise<void> {
    if (this.options.now() >= until) return;
    const moves = dirty(partitions());
    if (moves.length === 0) return;
    const asked = moves.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    const results = await this.options.send(asked).catch((error: RdError): CommitResult[] => {
      if (typeof error.code !== 'number') throw error;
      return asked.map(offset => ({ ...offset, error }));
    });
    const failed: CommitResult[] = [];
    for (const [i, result] of results.entries()) {
      if (result.error) failed.push(result);
      else this.options.stored(moves[i]!, result.offset);
    }
    if (failed.length > 0) this.report(failed);
  }

  private report(failed: CommitResult[]): void {
    const error = failed[0]!.error!;
    if (isGroupMoving(error.code)) {
      this.options.log.debug(`commit deferred: ${error.message}`);
      return;
    }
    this.warnings.warn(`offsets not committed, will be tried again: ${error.message}`, String(error.code), {
      partitions: offsetsText(failed),
    });
    this.options.failed(error);
  }
}

/** Those with something to commit, and what. */
export function dirty(partitions: Iterable<Committable>): Array<Committable & TopicPartitionOffset> {
  return [...partitions].filter(p => p.offsets.dirty).map(p => ({ ...p, offset: p.offsets.committable! }));
}

/** `orders-0 up to 50, orders-1 up to 7 and 3 more` */
export function offsetsText(offsets: readonly TopicPartitionOffset[]): string {
  const shown = offsets.slice(0, MAX_SHOWN).map(o => `${o.topic}-${o.partition} up to ${o.offset}`);
  const more = offsets.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

// --- internal ---

const WARN_EVERY_MS = 30_000;
const MAX_SHOWN = 10;
