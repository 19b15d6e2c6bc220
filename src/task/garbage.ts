// When garbage is collected: Buffers live outside the JavaScript heap, whose collector is slow to notice them. One for the
// process, whatever it runs. Pure: what collects and the clock are arguments.
//
// Plain records never come into the heap. Those that are read in JavaScript do: while they flow, after every 24 MiB of
// them. And once when nothing has come for a while: what the start, or a burst, has left behind would otherwise stay for as
// long as the process is idle. What the start alone has left is let go of soon after it, even if records flow.

export interface GarbageOptions {
  /** Frees what is no longer referenced, at once. */
  collect: () => void;
  /** Gives memory back that was kept for what comes next. */
  trim: () => void;
  /** Monotonic ms. */
  now: () => number;
}

export class Garbage {
  private sinceCollection = 0;
  private busyAt: number;
  private sinceQuiet = 0;
  private readonly startedAt: number;
  private started = false;
  /** Worth a collection once all is quiet: after the start it is. */
  private worthwhile = true;

  constructor(private readonly options: GarbageOptions) {
    this.startedAt = options.now();
    this.busyAt = this.startedAt;
  }

  /** @param bytes of records that were read in JavaScript, and are garbage by now */
  left(bytes: number): void {
    this.sinceCollection += bytes;
    if (this.sinceCollection >= COLLECT_AFTER_BYTES) this.collect();
  }

  /** @param bytes of records that have come, however they are read */
  busy(bytes: number): void {
    this.busyAt = this.options.now();
    this.sinceQuiet += bytes;
    if (this.sinceQuiet >= WORTHWHILE_BYTES) this.worthwhile = true;
  }

  /** To be called several times a second. */
  tick(): void {
    if (!this.started && this.options.now() - this.startedAt >= START_MS) {
      this.started = true;
      this.options.trim();
    }
    if (!this.worthwhile || this.options.now() - this.busyAt < QUIET_MS) return;
    this.worthwhile = false;
    this.sinceQuiet = 0;
    this.collect();
    this.options.trim();
  }

  // --- internal ---

  private collect(): void {
    this.sinceCollection = 0;
    this.options.collect();
  }
}

const COLLECT_AFTER_BYTES = 24 << 20;
/** A record now and then is not worth a collection. */
const WORTHWHILE_BYTES = 1 << 20;
const START_MS = 10_000;
const QUIET_MS = 5000;
