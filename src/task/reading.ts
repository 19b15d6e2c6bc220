// When a task reads on, holds still, or pauses its partitions: a full pipeline stops reading at once, and pauses the
// partitions when it lasts, since a pause throws away what was fetched. Pure: the clock is an argument.

export interface PipelineState {
  /** No more should be read for now. */
  full: boolean;
  /** The client would fetch far more than it may while nobody reads. */
  heavy: boolean;
}

/** `poll` for records; `hold`: do not poll; `pause`: poll, with the partitions paused, for the sake of the group. */
export type Reading = 'poll' | 'hold' | 'pause';

export class ReadingPolicy {
  private fullSince: number | undefined;
  private logged = false;

  /** @param now monotonic ms */
  decide({ full, heavy }: PipelineState, now: number): Reading {
    if (!full) {
      this.fullSince = undefined;
      this.logged = false;
      return 'poll';
    }
    this.fullSince ??= now;
    return heavy || this.lasts(now) ? 'pause' : 'hold';
  }

  /** True once in each time that the pipeline is full for long: worth a line in the log. */
  worthALine(now: number): boolean {
    if (this.logged || this.fullSince === undefined || !this.lasts(now)) return false;
    this.logged = true;
    return true;
  }

  // --- internal ---

  private lasts(now: number): boolean {
    return now - this.fullSince! >= PAUSE_AFTER_MS;
  }
}

/** Shorter than this, a pause costs more than it saves. */
export const PAUSE_AFTER_MS = 500;
