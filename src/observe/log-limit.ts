// How often the same thing is said: at once, then now and then with how often it happened in between.

/** Different things that are told apart; a text with a random part in it must not fill the memory. */
export const MAX_LOG_KEYS = 200;

export class LogLimit {
  private readonly seen = new Map<string, { saidAt: number; unsaid: number }>();

  /**
   * @param everyMs shortest time between two lines of one key
   * @param now monotonic ms
   */
  constructor(
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {}

  /**
   * To be asked at every occurrence.
   * @param key what the lines have in common
   * @returns undefined: say nothing; else how many occurrences of the key were not said since the last line
   */
  admit(key: string): number | undefined {
    const now = this.now();
    const entry = this.seen.get(key);
    if (entry && now - entry.saidAt < this.everyMs) {
      entry.unsaid++;
      return undefined;
    }
    this.seen.delete(key);
    this.seen.set(key, { saidAt: now, unsaid: 0 });
    if (this.seen.size > MAX_LOG_KEYS) this.seen.delete(this.seen.keys().next().value!);
    return entry?.unsaid ?? 0;
  }
}
