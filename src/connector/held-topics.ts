// Which topics have left this process for good: under a pattern topics come and go, and each has series of metrics.

export class HeldTopics {
  private readonly lastHeld = new Map<string, number>();

  /** @param keepMs how long a topic may be without a partition here: a rebalance takes them all away for a moment */
  constructor(private readonly keepMs: number) {}

  /**
   * To be called now and then.
   * @param held topics of which this process has partitions
   * @param now monotonic ms
   * @returns those that it has had none of for too long; each is told once
   */
  gone(held: Iterable<string>, now: number): string[] {
    for (const topic of held) this.lastHeld.set(topic, now);
    const gone = [...this.lastHeld].filter(([, at]) => now - at >= this.keepMs).map(([topic]) => topic);
    for (const topic of gone) this.lastHeld.delete(topic);
    return gone;
  }
}
