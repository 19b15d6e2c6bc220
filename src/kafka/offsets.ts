// Which offsets are done: a partition may be committed up to its first record that is not.

export interface TopicPartitionOffset {
  topic: string;
  partition: number;
  offset: number;
}

/**
 * The records of one partition between "read" and "done", in the order of reading. That is offset order, except that
 * auto.offset.reset may jump back: after a truncation, or when the topic was deleted and made again.
 */
export class PartitionOffsets {
  private offsets: Float64Array = new Float64Array(INITIAL_CAPACITY);
  private doneFlags: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** Sequence number of the oldest record that is not done; a ring index is `sequence % capacity`. */
  private head = 0;
  private tail = 0;
  private next: number | undefined;
  private committedOffset: number | undefined;
  /** Where reading goes on: one past the last record read, or past the transaction markers behind it. */
  position: number | undefined;

  /** Records read and not yet done, or done behind one that is not. */
  get pending(): number {
    return this.tail - this.head;
  }

  /** Offset to commit: one past the last of the contiguous done records, as they were read; undefined before any. */
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
   * A record was read.
   * @returns its sequence number: by offset, two records that were read before and after a jump back could be one
   */
  read(offset: number): number {
    if (this.tail - this.head === this.offsets.length) this.grow();
    const slot = this.tail % this.offsets.length;
    this.offsets[slot] = offset;
    this.doneFlags[slot] = 0;
    return this.tail++;
  }

  /**
   * The record is in Milvus, in the dead-letter topic, or skipped by configuration.
   * @param sequence as `read` gave it
   */
  done(sequence: number): void {
    const capacity = this.offsets.length;
    if (sequence < this.head || sequence >= this.tail) return;
    this.doneFlags[sequence % capacity] = 1;
    while (this.head < this.tail && this.doneFlags[this.head % capacity] === 1) {
      this.next = this.offsets[this.head % capacity]! + 1;
      this.head++;
    }
  }

  /**
   * Records still to be written.
   * @param end the partition's next offset
   * @returns undefined before the group's offset or a position is known
   */
  lag(end: number): number | undefined {
    if (this.position !== undefined) return this.pending + Math.max(0, end - this.position);
    const done = this.next ?? this.committedOffset;
    return done === undefined ? undefined : Math.max(0, end - done);
  }

  /** The group's coordinator has stored `offset`. */
  commit(offset: number): void {
    this.committedOffset = offset;
  }

  // --- internal ---

  private grow(): void {
    const size = this.offsets.length;
    const offsets = new Float64Array(size * 2);
    const doneFlags = new Uint8Array(size * 2);
    for (let sequence = this.head; sequence < this.tail; sequence++) {
      offsets[sequence % (size * 2)] = this.offsets[sequence % size]!;
      doneFlags[sequence % (size * 2)] = this.doneFlags[sequence % size]!;
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
}

const INITIAL_CAPACITY = 1024;
