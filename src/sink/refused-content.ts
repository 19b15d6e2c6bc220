// The error for a batch that Milvus refuses for its content: which records it may be about.
import { EXIT, SinkError } from '../errors.ts';
import type { Batch } from './batcher.ts';

/** @param reason Milvus' own words */
export function refusedContent(batch: Batch, reason: string): SinkError {
  const ranges = new Map<string, { topic: string; partition: number; first: number; last: number }>();
  for (const { record } of batch.taken) {
    const id = `${record.topic}-${record.partition}`;
    const range = ranges.get(id);
    if (!range)
      ranges.set(id, {
        topic: record.topic,
        partition: record.partition,
        first: record.offset,
        last: record.offset,
      });
    else {
      range.first = Math.min(range.first, record.offset);
      range.last = Math.max(range.last, record.offset);
    }
  }
  const where = [...ranges.values()].map(r => `${r.topic}-${r.partition}@${r.first}..${r.last}`).join(', ');
  return new SinkError('MILVUS_REFUSED_ROWS', EXIT.badRecord, 'Milvus refuses a batch for its content', {
    where,
    found: reason,
    fix: 'One of these records does not fit the collection; nothing of the batch is committed',
  });
}
