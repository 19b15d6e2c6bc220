// A batch of records as the official client gives them: an object each.
import type { PartitionRun, RecordBatch } from './contract.ts';
import type { KafkaRecord } from './record.ts';

export class PolledBatch implements RecordBatch {
  readonly length: number;
  readonly runs: readonly PartitionRun[];
  readonly valueBytes: number;
  readonly bytes: number;

  constructor(private readonly polled: readonly KafkaRecord[]) {
    const runs: PartitionRun[] = [];
    let run: PartitionRun | undefined;
    let valueBytes = 0;
    let otherBytes = 0;
    for (let i = 0; i < polled.length; i++) {
      const record = polled[i]!;
      const { size, key, headers } = record;
      if (run === undefined || record.partition !== run.partition || record.topic !== run.topic) {
        run = { topic: record.topic, partition: record.partition, start: i, end: i, valueBytes: 0 };
        runs.push(run);
      }
      run.end = i + 1;
      run.valueBytes += size;
      valueBytes += size;
      if (key !== null) otherBytes += key.length;
      if (headers) otherBytes += headerBytes(headers);
    }
    this.length = polled.length;
    this.runs = runs;
    this.valueBytes = valueBytes;
    this.bytes = valueBytes + otherBytes;
  }

  record(place: number): KafkaRecord {
    return this.polled[place]!;
  }

  records(): readonly KafkaRecord[] {
    return this.polled;
  }
}

// --- internal ---

function headerBytes(headers: NonNullable<KafkaRecord['headers']>): number {
  let bytes = 0;
  for (const header of headers)
    for (const name in header) bytes += HEADER_BYTES + name.length + header[name]!.length;
  return bytes;
}

/** What a header costs beside its name and value: an object and a buffer. */
const HEADER_BYTES = 200;
