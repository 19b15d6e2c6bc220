// Consumer settings that librdkafka never sees: the sink decides them, or does itself what they say.
import { shown } from '../value/entry.ts';
import type { ClientSettings } from './client.ts';
import { readProperty } from './property-value.ts';
import type { Translation } from './translation.ts';

/** What the sink does by settings of Java's consumer. */
export interface OwnSettings {
  /** Records taken per poll. */
  maxPollRecords: number;
  /** Kafka's own topics do not match `topics.regex`. */
  excludeInternalTopics: boolean;
}

export function takeOwn(client: ClientSettings, out: Translation): OwnSettings {
  for (const [name, value] of Object.entries(DECIDED)) {
    const setting = client.take(name);
    if (!setting || setting.value.trim().toLowerCase() === value) continue;
    out.warn(
      setting,
      `is overridden with ${value}: the sink decides this itself, an offset is committed once Milvus has the record`,
    );
  }
  const interval = client.take('auto.commit.interval.ms');
  if (interval) out.warn(interval, 'has no effect: see offset.flush.interval.ms');
  return {
    maxPollRecords: takeMaxPollRecords(client, out),
    excludeInternalTopics: takeExcludeInternalTopics(client, out),
  };
}

// --- internal ---

const JAVA_INT_MAX = 2147483647;

/** The sink commits offsets only after Milvus has the records. */
const DECIDED: Record<string, string> = {
  'enable.auto.commit': 'false',
  'auto.commit.enable': 'false',
  'enable.auto.offset.store': 'false',
  'enable.partition.eof': 'false',
  'offset.store.method': 'broker',
};

/**
 * Java's default is 500. A poll costs as much as some twenty rows of dim 8, however many records it brings, and heavy
 * records make it smaller by themselves (task/weight.ts): 6 % less CPU a row (scripts/bench).
 */
const POLL_RECORDS = 2000;

function takeMaxPollRecords(client: ClientSettings, out: Translation): number {
  const records = client.take('max.poll.records');
  if (!records) return POLL_RECORDS;
  const count = /^\d{1,10}$/.test(records.value.trim()) ? Number(records.value) : 0;
  if (count >= 1 && count <= JAVA_INT_MAX) return Math.min(count, 100_000);
  out.problem(records, 'bad value', { expected: 'an integer from 1', found: shown(records) });
  return POLL_RECORDS;
}

function takeExcludeInternalTopics(client: ClientSettings, out: Translation): boolean {
  const internal = client.take('exclude.internal.topics');
  if (!internal) return true;
  const exclude = readProperty({ kind: 'bool' }, internal.value.trim(), true);
  if (typeof exclude === 'boolean') return exclude;
  out.problem(internal, 'bad value', { expected: 'true or false', found: shown(internal) });
  return true;
}
