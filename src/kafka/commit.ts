// One commit on its way to the group's coordinator: the package says only that it is queued, the answer comes apart.
import { internalError } from '../errors.ts';
import type { TopicPartitionOffset } from './offsets.ts';
import type { RdError, RdOffset, TopicPartition } from './rdkafka.ts';
import { CODE } from './rdkafka.ts';

/** What became of one partition's commit; without `error` the group's coordinator has stored it. */
export interface CommitResult extends TopicPartitionOffset {
  error?: RdError;
}

export class Commits {
  private outstanding: Outstanding | undefined;
  private ended = false;

  /**
   * Sends a commit, one at a time.
   * @param queue hands it to librdkafka; `refused` when that does not take it
   * @returns the coordinator's error, if it has one: the last, when several partitions have
   * @throws the client's error when there is no answer to come
   */
  async send(
    offsets: readonly TopicPartitionOffset[],
    queue: (refused: (error: RdError) => void) => void,
  ): Promise<RdError | undefined> {
    if (this.outstanding) throw internalError(new Error('a commit beside another'));
    if (this.ended) return CLOSED;
    try {
      return await new Promise((resolve, reject) => {
        this.outstanding = { asked: byPartition(offsets), answer: resolve };
        queue(reject);
      });
    } finally {
      this.outstanding = undefined;
    }
  }

  /** An answer of the coordinator (`offset_commit_cb`); one to a commit that nobody waits for any more is ignored. */
  answered(error: RdError | undefined, offsets: readonly RdOffset[]): void {
    const { outstanding } = this;
    if (!outstanding || outstanding.asked.size !== offsets.length) return;
    if (offsets.every(o => outstanding.asked.get(key(o)) === o.offset)) outstanding.answer(error);
  }

  /** The client goes: no answer will come. */
  end(): void {
    this.ended = true;
    this.outstanding?.answer(CLOSED);
  }
}

/**
 * Deals a commit's error out to its partitions: librdkafka has one for all and does not say whose it is.
 * @param stored the group's offsets as the coordinator has them now: what is stored is stored
 */
export function commitResults(
  offsets: readonly TopicPartitionOffset[],
  error: RdError,
  stored: readonly RdOffset[],
): CommitResult[] {
  const there = byPartition(stored);
  return offsets.map(o => (there.get(key(o)) === o.offset ? o : { ...o, error }));
}

// --- internal ---

interface Outstanding {
  asked: ReadonlyMap<string, number | undefined>;
  answer(error: RdError | undefined): void;
}

function key({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

function byPartition(offsets: readonly RdOffset[]): Map<string, number | undefined> {
  return new Map(offsets.map(o => [key(o), o.offset]));
}

const CLOSED: RdError = { code: CODE.DESTROY, message: 'the consumer was closed before the answer' };
