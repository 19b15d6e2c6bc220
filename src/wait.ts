// Ways to wait: for a time, for an abort, for a condition that somebody else's work may make true.

/** Resolves after `ms` or when `stop` is aborted. */
export function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (stop.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** False when `work` takes longer than `timeoutMs`; it goes on then. */
export async function within(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** Something that changes now and then, for those who wait for a state of it. */
export class Change {
  private readonly waiting = new Set<() => void>();

  /** @param now monotonic ms */
  constructor(private readonly now: () => number) {}

  /** It has changed: whoever waits looks again. */
  announce(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves at the next change, or when `ms` have passed; nothing of it stays where changes are rare. */
  next(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.waiting.add(done);
    });
  }

  /** Resolves with true when `condition` holds, or with false after `timeoutMs`. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadline = this.now() + timeoutMs;
    while (!condition()) {
      const left = deadline - this.now();
      if (left <= 0) return false;
      await this.next(left);
    }
    return true;
  }
}
