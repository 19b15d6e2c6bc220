// Polls on a native thread: records become rows there, and what librdkafka says instead of a record comes through, whatever
// else the poll brought.
import { nativePart } from '../native.ts';
import { Chunk } from '../record/chunk.ts';
import type { NativeChunk, PlanHandle } from '../record/native-rows.ts';
import type { Polled, RdConsumer, RdError, RecordPoller } from './rdkafka.ts';

export class Poller implements RecordPoller {
  private readonly native = nativePart<PollerAddon>('poller');
  private readonly handle: PollerHandle;
  private waiting: PromiseWithResolvers<Polled> | undefined;
  private readonly end = Promise.withResolvers<void>();

  /** @param client connected; the poller has to be stopped before it is closed */
  constructor(client: Pick<RdConsumer, 'getClient'>) {
    this.handle = this.native.make(client.getClient(), (chunk, errors, failure, ended) => {
      const { waiting } = this;
      this.waiting = undefined;
      if (failure !== '') waiting?.reject(new Error(`records that were polled are lost: ${failure}`));
      else waiting?.resolve({ batch: chunk && new Chunk(chunk), errors });
      if (ended) this.end.resolve();
    });
  }

  async poll(maxRecords: number, waitMs: number, plan: PlanHandle | null): Promise<Polled> {
    // Whoever asks for more than one at a time, or after the end, must not spin.
    if (this.waiting) await this.waiting.promise.catch(() => {}); // told to whoever asked for it
    const waiting = Promise.withResolvers<Polled>();
    if (!this.native.poll(this.handle, maxRecords, waitMs, plan)) {
      await Bun.sleep(waitMs);
      return { batch: undefined, errors: [] };
    }
    this.waiting = waiting;
    return waiting.promise;
  }

  /** It has ended when librdkafka's queue is no longer held. */
  stop(): Promise<void> {
    this.native.stop(this.handle);
    return this.end.promise;
  }
}

// --- internal ---

declare const kind: unique symbol;
type PollerHandle = { readonly [kind]: 'poller' };

interface PollerAddon {
  /** @param client the official client's native object */
  make(
    client: object,
    polled: (chunk: NativeChunk | undefined, errors: RdError[], failure: string, ended: boolean) => void,
  ): PollerHandle;
  /** @returns false when a poll is under way, or it has been stopped */
  poll(poller: PollerHandle, maxRecords: number, waitMs: number, plan: PlanHandle | null): boolean;
  stop(poller: PollerHandle): void;
}
