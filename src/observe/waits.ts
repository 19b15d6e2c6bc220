// What the sink waits for, said when it starts, every 30 s while it lasts, and when it is over.

import type { CheckName, Health } from './health.ts';
import type { LogFields, Logger } from './log.ts';

interface Wait {
  check: CheckName;
  reason: string;
  since: number;
  saidAt: number;
  /** Of one that passes by itself: when, unless its cause shows again. */
  passesAt?: number;
}

export class Waits {
  private readonly open = new Map<string, Wait>();

  /** @param now monotonic ms */
  constructor(
    private readonly log: Logger,
    private readonly health: Health,
    private readonly now: () => number,
  ) {}

  /**
   * Something is missing; to be called at every failed try.
   * @param what `Kafka`, `Milvus`, …: one wait each
   */
  begin(check: CheckName, what: string, reason: string, fields?: LogFields): void {
    this.health.set(check, false, `waiting for ${what}: ${reason}`);
    const now = this.now();
    const wait = this.open.get(what);
    if (!wait) {
      this.open.set(what, { check, reason, since: now, saidAt: now });
      this.log.warn(`waiting for ${what}: ${reason}`, fields);
      return;
    }
    wait.reason = reason;
  }

  /**
   * Something is wrong that shows again and again as long as it lasts, and whose end nobody tells; to be called whenever
   * it shows. The wait is over when it has not for `quietMs`.
   */
  recurring(check: CheckName, what: string, reason: string, quietMs: number): void {
    this.begin(check, what, reason);
    this.open.get(what)!.passesAt = this.now() + quietMs;
  }

  /** It is there (again). The check passes when nothing else of it is waited for. */
  end(check: CheckName, what: string, detail: string): void {
    const wait = this.open.get(what);
    this.open.delete(what);
    const other = [...this.open].find(([, open]) => open.check === check);
    if (other) this.health.set(check, false, `waiting for ${other[0]}: ${other[1].reason}`);
    else this.health.set(check, true, detail);
    if (wait)
      this.log.info(`${what}: there after ${seconds(this.now() - wait.since)} s`, { was: wait.reason });
  }

  waitingFor(what: string): boolean {
    return this.open.has(what);
  }

  /** To be called about once a second. */
  tick(): void {
    const now = this.now();
    for (const [what, wait] of this.open) {
      if (wait.passesAt !== undefined && now >= wait.passesAt) {
        this.end(wait.check, what, 'nothing is amiss any more');
        continue;
      }
      if (now - wait.saidAt < REPEAT_MS) continue;
      wait.saidAt = now;
      this.log.warn(`still waiting for ${what} after ${seconds(now - wait.since)} s: ${wait.reason}`);
    }
  }
}

// --- internal ---

const REPEAT_MS = 30_000;

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
