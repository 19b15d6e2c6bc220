// When garbage is collected: values, keys and headers live outside the JavaScript heap, whose collector is slow to notice
// them. One for the process, whatever it runs. Pure: what collects and the clock are arguments.
//
// While rows flow, after every 24 MiB that were read: catching up at dim 768 peaked at 450 MB without this, at 230 MB
// with it, for 7 % of the CPU (scripts/bench; 15 ms a collection). And once when nothing has come for a while: what the
// start, or a burst, has left behind would otherwise stay for as long as the process is idle.

export interface GarbageOptions {
  /** Frees what is no longer referenced, at once. */
  collect: () => void;
  /** Monotonic ms. */
  now: () => number;
}

export class Garbage {
  private sinceCollection = 0;
  private readAt: number;
  /** Worth a collection once all is quiet: after the start it is. */
  private left = true;

  constructor(private readonly options: GarbageOptions) {
    this.readAt = options.now();
  }

  /** @param bytes that have been read and may be garbage soon */
  read(bytes: number): void {
    this.sinceCollection += bytes;
    this.readAt = this.options.now();
    if (this.sinceCollection >= WORTHWHILE_BYTES) this.left = true;
    if (this.sinceCollection >= COLLECT_AFTER_BYTES) this.collect();
  }

  /** To be called several times a second. */
  tick(): void {
    if (!this.left || this.options.now() - this.readAt < QUIET_MS) return;
    this.left = false;
    this.collect();
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
const QUIET_MS = 5000;
