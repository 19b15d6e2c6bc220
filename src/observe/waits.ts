// What a connector waits for, logged when it starts, every 30 s while it lasts, and when it is over.
import type { CheckName, Health } from './health.ts';
import type { LogFields, Logger } from './log.ts';

/** The waits of one task, or of the connector itself. What several wait for is one wait, over when none does any more. */
export interface Waits {
  /**
   * Something is missing; to be called at every failed try.
   * @param what `Kafka`, `Milvus`, …: one wait each
   */
  begin(check: CheckName, what: string, reason: string, fields?: LogFields): void;
  /**
   * Something is wrong that shows again and again as long as it lasts, and whose end nobody tells; to be called whenever
   * it shows. The wait is over when it has not for `quietMs`.
   */
  recurring(check: CheckName, what: string, reason: string, quietMs: number): void;
  /** It is there (again). The check passes when nothing else of it is waited for. */
  end(check: CheckName, what: string, detail: string): void;
  waitingFor(what: string): boolean;
}

interface Wait {
  check: CheckName;
  reason: string;
  since: number;
  loggedAt: number;
  waiting: Set<object>;
  /** Of one that passes by itself: when, unless its cause shows again. */
  passesAt?: number;
}

export class WaitBoard {
  private readonly open = new Map<string, Wait>();

  /** @param now monotonic ms */
  constructor(
    private readonly log: Logger,
    private readonly health: Health,
    private readonly now: () => number,
  ) {}

  /** The waits of one more that may wait. */
  waits(): Waits {
    const owner = {};
    return {
      begin: (check, what, reason, fields) => this.begin(owner, check, what, reason, fields),
      recurring: (check, what, reason, quietMs) => {
        this.begin(owner, check, what, reason);
        this.open.get(what)!.passesAt = this.now() + quietMs;
      },
      end: (check, what, detail) => this.end(owner, check, what, detail),
      waitingFor: what => this.open.get(what)?.waiting.has(owner) ?? false,
    };
  }

  /** To be called several times a second. */
  tick(): void {
    const now = this.now();
    for (const [what, wait] of this.open) {
      if (wait.passesAt !== undefined && now >= wait.passesAt) {
        this.over(what, wait.check, 'nothing is amiss any more');
        continue;
      }
      if (now - wait.loggedAt < REPEAT_MS) continue;
      wait.loggedAt = now;
      this.log.warn(`still waiting for ${what} after ${seconds(now - wait.since)} s: ${wait.reason}`);
    }
  }

  // --- internal ---

  private begin(owner: object, check: CheckName, what: string, reason: string, fields?: LogFields): void {
    this.health.set(check, false, `waiting for ${what}: ${reason}`);
    const now = this.now();
    const wait = this.open.get(what);
    if (wait) {
      wait.reason = reason;
      wait.waiting.add(owner);
      return;
    }
    this.open.set(what, { check, reason, since: now, loggedAt: now, waiting: new Set([owner]) });
    this.log.warn(`waiting for ${what}: ${reason}`, fields);
  }

  private end(owner: object, check: CheckName, what: string, detail: string): void {
    const wait = this.open.get(what);
    wait?.waiting.delete(owner);
    if (!wait || wait.waiting.size === 0) this.over(what, check, detail);
  }

  private over(what: string, check: CheckName, detail: string): void {
    const wait = this.open.get(what);
    this.open.delete(what);
    const other = [...this.open].find(([, open]) => open.check === check);
    if (other) this.health.set(check, false, `waiting for ${other[0]}: ${other[1].reason}`);
    else this.health.set(check, true, detail);
    if (wait)
      this.log.info(`${what}: there after ${seconds(this.now() - wait.since)} s`, { was: wait.reason });
  }
}

// --- internal ---

const REPEAT_MS = 30_000;

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
