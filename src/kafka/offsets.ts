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
  /** What was read and is not done in order, oldest first: offsets that follow each other from `offset` on. */
  private stretches: Stretch[] = [];
  /** Done behind a record that is not; in order, apart from each other. */
  private doneBehind: Range[] = [];
  /** Sequence number of the oldest record that is not done. */
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
   * Records were read whose offsets follow each other.
   * @param offset of the first
   * @returns the sequence number of the first: by offset, two records that were read before and after a jump back could be
   *   one
   */
  read(offset: number, count = 1): number {
    const sequence = this.tail;
    const last = this.stretches.at(-1);
    if (last && last.offset + (this.tail - last.sequence) === offset) this.tail += count;
    else {
      this.stretches.push({ sequence, offset });
      this.tail += count;
    }
    return sequence;
  }

  /**
   * Records are in Milvus, in the dead-letter topic, or skipped by configuration.
   * @param from sequence number of the first, as `read` gave it
   * @param to one past that of the last
   */
  done(from: number, to = from + 1): void {
    const first = Math.max(from, this.head);
    const last = Math.min(to, this.tail);
    if (first >= last) return;
    if (first > this.head) {
      this.remember(first, last);
      return;
    }
    this.head = last;
    // What was done before its turn follows.
    let reached = 0;
    while (reached < this.doneBehind.length && this.doneBehind[reached]!.from <= this.head) {
      this.head = Math.max(this.head, this.doneBehind[reached]!.to);
      reached++;
    }
    if (reached > 0) this.doneBehind.splice(0, reached);
    this.advance();
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

  /** Adds a range to those that are done before their turn; most come in order. */
  private remember(from: number, to: number): void {
    const ranges = this.doneBehind;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle]!.to < from) low = middle + 1;
      else high = middle;
    }
    let end = low;
    let merged: Range = { from, to };
    while (end < ranges.length && ranges[end]!.from <= to) {
      const { from: start, to: stop } = ranges[end]!;
      merged = { from: Math.min(merged.from, start), to: Math.max(merged.to, stop) };
      end++;
    }
    ranges.splice(low, end - low, merged);
  }

  /** The offset to commit, after the head has moved. */
  private advance(): void {
    const { stretches, head } = this;
    let at = 0;
    while (at + 1 < stretches.length && stretches[at + 1]!.sequence < head) at++;
    const { sequence, offset } = stretches[at]!;
    this.next = offset + (head - sequence);
    // The last one stays: what is read next may follow it.
    while (at + 1 < stretches.length && stretches[at + 1]!.sequence <= head) at++;
    if (at > 0) stretches.splice(0, at);
  }
}

/** Records that follow each other, up to the next stretch. */
interface Stretch {
  /** Of the first. */
  sequence: number;
  offset: number;
}

/** Sequence numbers, `to` not among them. */
interface Range {
  from: number;
  to: number;
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
