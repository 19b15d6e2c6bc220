// How large a poll may be: what is buffered may go over its ceiling by one.
import type { RecordBatch } from '../record/contract.ts';

/** How many records to ask for so that a poll stays small, however heavy each is. */
export class PollSize {
  /** Of one record, bytes. */
  private weight = 0;
  private besides = 0;

  /**
   * @param maxRecords `max.poll.records`
   * @param maxBytes of a poll, about
   */
  constructor(
    private readonly maxRecords: number,
    private readonly maxBytes: number,
  ) {}

  get records(): number {
    if (this.weight === 0) return Math.min(FIRST_RECORDS, this.maxRecords);
    return Math.max(1, Math.min(this.maxRecords, Math.floor(this.maxBytes / this.weight)));
  }

  /** Bytes of keys and headers a record: what librdkafka does not count in queued.max.messages.kbytes (rko_len). */
  get uncounted(): number {
    return this.besides;
  }

  polled({ length, bytes, valueBytes }: Pick<RecordBatch, 'length' | 'bytes' | 'valueBytes'>): void {
    if (length === 0) return;
    this.weight = follow(this.weight, Math.max(1, bytes / length));
    this.besides = follow(this.besides, (bytes - valueBytes) / length);
  }
}

// --- internal ---

/** Up at once, down slowly. */
function follow(known: number, latest: number): number {
  return latest > known ? latest : known + (latest - known) * FORGET;
}

const FORGET = 0.2;
/** Nothing is known of the first poll's records. */
const FIRST_RECORDS = 50;
