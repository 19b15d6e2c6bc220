// A request that ended without an answer may still be carried out: where a deadline has passed here, it passes at the
// server too, but for the time that the request took to get there.

export class ServerGrace {
  private unansweredAt = Number.NEGATIVE_INFINITY;

  /** @param now monotonic ms */
  constructor(private readonly now: () => number) {}

  /** A request has ended without an answer now: its deadline passed, or it was cancelled. */
  unanswered(): void {
    this.unansweredAt = this.now();
  }

  /** Resolves when the server can be busy with no such request any more. */
  async over(): Promise<void> {
    const graceMs = this.unansweredAt + SERVER_GRACE_MS - this.now();
    if (graceMs > 0) await Bun.sleep(graceMs);
  }
}

/** How much later than here a deadline may pass at the server, ms. */
export const SERVER_GRACE_MS = 250;
