// Warnings that repeat themselves: the first is logged at once, then one now and then with how many were left out.
import type { LogFields, Logger } from './log.ts';

/** Different warnings that are kept apart; a text with a random part in it must not fill the memory. */
export const MAX_LOG_KEYS = 200;

export interface LogLimitOptions {
  log: Logger;
  /** Shortest time between two lines of one key, ms. */
  everyMs: number;
  /** Monotonic ms. */
  now: () => number;
  /** Name of the field with the number of warnings left out; `similar_before` when absent. */
  countedAs?: string;
}

export class LogLimit {
  private readonly seen = new Map<string, { loggedAt: number; leftOut: number }>();

  constructor(private readonly options: LogLimitOptions) {}

  /**
   * To be called at every occurrence.
   * @param key what the lines have in common
   * @returns false when the line was left out
   */
  warn(message: string, key: string = message, fields?: LogFields): boolean {
    const leftOut = this.admit(key);
    if (leftOut === undefined) return false;
    const { log, countedAs = 'similar_before' } = this.options;
    log.warn(message, { ...fields, [countedAs]: leftOut > 0 ? leftOut : undefined });
    return true;
  }

  // --- internal ---

  /** @returns how many occurrences of the key were left out since its last line; undefined: this one is, too */
  private admit(key: string): number | undefined {
    const now = this.options.now();
    const entry = this.seen.get(key);
    if (entry && now - entry.loggedAt < this.options.everyMs) {
      entry.leftOut++;
      return undefined;
    }
    this.seen.delete(key);
    this.seen.set(key, { loggedAt: now, leftOut: 0 });
    if (this.seen.size > MAX_LOG_KEYS) this.seen.delete(this.seen.keys().next().value!);
    return entry?.leftOut ?? 0;
  }
}
