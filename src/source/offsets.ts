// Which offsets are done: a partition may be committed up to its first record that is not.

export interface TopicPartitionOffset {
  topic: string;
  partition: number;
  offset: number;
}

/** The records of one partition between "read" and "done", in offset order. */
export class PartitionOffsets {
  private offsets: Float64Array = new Float64Array(INITIAL_CAPACITY);
  private doneFlags: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** Sequence number of the oldest record that is not done; a ring index is `sequence & mask`. */
  private head = 0;
  private tail = 0;
  private next: number | undefined;
  private committedOffset: number | undefined;

  /** Records read and not yet done, or done behind one that is not. */
  get pending(): number {
    return this.tail - this.head;
  }

  /** Offset to commit: one past the last of the contiguous done records; undefined before any is done. */
  get committable(): number | undefined {
    return this.next;
  }

  get committed(): number | undefined {
    return this.committedOffset;
  }

  /** True when a commit would move the group's offset. */
  get dirty(): boolean {
    return this.next !== undefined && this.next !== this.committedOffset;
  }

  /**
   * A record was read. Offsets of a partition rise but may have gaps (compaction, transactions).
   * @returns false when the record was tracked before (a re-read after a seek): it must not be written again
   */
  read(offset: number): boolean {
    if (this.tail > this.head) {
      if (offset <= this.offsets[(this.tail - 1) & this.mask]!) return false;
    } else if (this.next !== undefined && offset < this.next) {
      return false;
    }
    if (this.tail - this.head === this.offsets.length) this.grow();
    const slot = this.tail & this.mask;
    this.offsets[slot] = offset;
    this.doneFlags[slot] = 0;
    this.tail++;
    return true;
  }

  /** The record at `offset` is in Milvus, in the dead-letter topic, or skipped by configuration. */
  done(offset: number): void {
    const sequence = this.find(offset);
    if (sequence < 0) return;
    this.doneFlags[sequence & this.mask] = 1;
    while (this.head < this.tail && this.doneFlags[this.head & this.mask] === 1) {
      this.next = this.offsets[this.head & this.mask]! + 1;
      this.head++;
    }
  }

  /** The group's coordinator has stored `offset`. */
  commit(offset: number): void {
    if (this.committedOffset === undefined || offset > this.committedOffset) this.committedOffset = offset;
  }

  // --- internal ---

  private get mask(): number {
    return this.offsets.length - 1;
  }

  /** Sequence number of a pending offset, or -1. Without gaps it is where arithmetic says; else a binary search. */
  private find(offset: number): number {
    if (this.head === this.tail) return -1;
    const first = this.offsets[this.head & this.mask]!;
    const guess = this.head + (offset - first);
    if (guess >= this.head && guess < this.tail && this.offsets[guess & this.mask] === offset) return guess;
    let low = this.head;
    let high = Math.min(this.tail, guess + 1) - 1;
    while (low <= high) {
      const middle = low + Math.floor((high - low) / 2);
      const found = this.offsets[middle & this.mask]!;
      if (found === offset) return middle;
      if (found < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private grow(): void {
    const size = this.offsets.length;
    const offsets = new Float64Array(size * 2);
    const doneFlags = new Uint8Array(size * 2);
    for (let sequence = this.head; sequence < this.tail; sequence++) {
      offsets[sequence & (size * 2 - 1)] = this.offsets[sequence & (size - 1)]!;
      doneFlags[sequence & (size * 2 - 1)] = this.doneFlags[sequence & (size - 1)]!;
    }
    this.offsets = offsets;
    this.doneFlags = doneFlags;
  }
}

/** The partitions that this consumer owns. */
export class OffsetTracker {
  private readonly topics = new Map<string, Map<number, PartitionOffsets>>();

  assign(topic: string, partition: number): void {
    let partitions = this.topics.get(topic);
    if (!partitions) {
      partitions = new Map();
      this.topics.set(topic, partitions);
    }
    partitions.set(partition, new PartitionOffsets());
  }

  revoke(topic: string, partition: number): void {
    const partitions = this.topics.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.topics.delete(topic);
  }

  /** undefined when the partition is not (or no longer) ours. */
  get(topic: string, partition: number): PartitionOffsets | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  *all(): Generator<{ topic: string; partition: number; offsets: PartitionOffsets }> {
    for (const [topic, partitions] of this.topics) {
      for (const [partition, offsets] of partitions) yield { topic, partition, offsets };
    }
  }

  /** What a commit would move now. */
  committable(): TopicPartitionOffset[] {
    const list: TopicPartitionOffset[] = [];
    for (const { topic, partition, offsets } of this.all()) {
      if (offsets.dirty) list.push({ topic, partition, offset: offsets.committable! });
    }
    return list;
  }
}

const INITIAL_CAPACITY = 1024;
