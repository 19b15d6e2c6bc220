// How often offsets are committed: soon while rows flow, sooner still when everything is written, since what is not
// committed is read again after a crash.

export class CommitPace {
  private committedAt = 0;

  /** @param flushIntervalMs `offset.flush.interval.ms` */
  constructor(private readonly flushIntervalMs: number) {}

  /** Commits begin to count. @param now monotonic ms */
  start(now: number): void {
    this.committedAt = now;
  }

  /** True when it is time; the next one counts from here. */
  due(idle: boolean, now: number): boolean {
    const waitMs = Math.min(this.flushIntervalMs, idle ? IDLE_COMMIT_MS : BUSY_COMMIT_MS);
    if (now - this.committedAt < waitMs) return false;
    this.committedAt = now;
    return true;
  }
}

// --- internal ---

const BUSY_COMMIT_MS = 1000;
const IDLE_COMMIT_MS = 500;
