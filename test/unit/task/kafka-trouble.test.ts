// What each kind of failure leads to; which code is of which kind is in test/unit/kafka/failure.test.ts.
import { describe, expect, test } from 'bun:test';
import type { SinkError } from '../../../src/errors.ts';
import type { KafkaConsumer } from '../../../src/kafka/consumer.ts';
import { type PartitionState, STUCK_AFTER_MS } from '../../../src/kafka/stalled.ts';
import { Health } from '../../../src/observe/health.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { WaitBoard } from '../../../src/observe/waits.ts';
import { KafkaTrouble, type KafkaTroubleOptions } from '../../../src/task/kafka-trouble.ts';

const settings = {
  topics: ['orders'],
  excludeInternalTopics: true,
  groupId: 'g',
  consumer: { 'bootstrap.servers': 'kafka:9092', 'auto.offset.reset': 'error' },
  offsetFlushTimeoutMs: 1000,
};

/** @param client what the consumer answers; none: no broker has answered yet */
function trouble(client?: Partial<KafkaConsumer>, changes: Partial<KafkaTroubleOptions['settings']> = {}) {
  const lines: string[] = [];
  const fatal: SinkError[] = [];
  const clock = { now: 0 };
  const stop = new AbortController();
  const health = new Health();
  const log = createLogger({
    level: 'info',
    format: 'text',
    now: () => new Date(0),
    mask: t => t,
    write: line => lines.push(line.slice(25).trim()),
  });
  const board = new WaitBoard(log, health, () => clock.now);
  const waits = board.waits();
  const made = new KafkaTrouble({
    settings: { ...settings, ...changes },
    topics: () => ['orders'],
    waits,
    log,
    now: () => clock.now,
    stop: stop.signal,
    consumer: () => client as KafkaConsumer | undefined,
    isAssigned: () => true,
    onFatal: error => fatal.push(error),
  });
  return { trouble: made, lines, fatal, clock, stop, health, waits, board };
}
const error = (code: number) => ({ code, message: 'why' });

describe('an error', () => {
  test('that an operator must mend ends the sink', () => {
    const { trouble: t, fatal } = trouble({});
    t.error(error(30));
    expect(fatal.map(e => e.code)).toEqual(['KAFKA_GROUP_FORBIDDEN']);
  });

  test('of a try to connect is a wait for Kafka, whatever it is', () => {
    const { trouble: t, lines, health } = trouble();
    t.error(error(-195), true);
    t.error(error(6), true);
    expect(lines).toEqual(['WARN  waiting for Kafka: kafka:9092: why']);
    expect(health.get('kafka').ok).toBe(false);
  });

  test('that passes by itself is a wait for Kafka when no broker answers', async () => {
    const { trouble: t, lines, stop } = trouble({ reachable: async () => false });
    t.error(error(-187));
    await Bun.sleep(0);
    stop.abort();
    expect(lines).toEqual(['WARN  waiting for Kafka: kafka:9092: why']);
  });

  test('that passes by itself is nothing when another broker answers', async () => {
    const { trouble: t, lines, fatal } = trouble({ reachable: async () => true });
    t.error(error(-195));
    await Bun.sleep(0);
    expect({ lines, fatal }).toEqual({ lines: [], fatal: [] });
  });

  test('that comes again is a wait, which is over when it stays away', () => {
    const { trouble: t, lines, clock, board } = trouble({});
    t.error(error(-198));
    t.error(error(-198));
    expect(lines).toEqual([
      'WARN  waiting for records: records that cannot be decompressed: why (code -198)',
    ]);
    clock.now = 30_000;
    board.tick();
    expect(lines[1]).toStartWith('INFO  records: there after 30 s');
  });

  test('that is over is a line, and not one each time', () => {
    const { trouble: t, lines } = trouble({});
    t.error(error(-147));
    t.error(error(-147));
    expect(lines).toEqual(['WARN  Kafka: why']);
  });

  test('in the normal course of things is none', () => {
    const { trouble: t, lines, fatal } = trouble({});
    t.error(error(27));
    expect({ lines, fatal }).toEqual({ lines: [], fatal: [] });
  });

  test('of a topic that is missing is a wait by name, and by a pattern just a line', () => {
    const named = trouble({ topics: async () => [] });
    named.trouble.error(error(3));
    named.stop.abort();
    expect(named.lines).toEqual(['WARN  waiting for topics: not there yet: orders']);
    const matched = trouble({}, { topicsRegex: 'o.*' });
    matched.trouble.error(error(3));
    expect(matched.lines).toEqual(['WARN  a topic that matched topics.regex is not there any more']);
  });

  test('that kills the client ends the sink', () => {
    const { trouble: t, fatal } = trouble({});
    t.fatal(error(82));
    expect(fatal.map(e => e.code)).toEqual(['KAFKA_FENCED']);
  });
});

describe('a silence', () => {
  const state = (partition: number, fetchState: string): PartitionState => ({
    topic: 'orders',
    partition,
    fetchState,
    nextOffset: 10,
    endOffset: 99,
    queued: 0,
    leader: 1,
  });
  const watch = (t: ReturnType<typeof trouble>, states: PartitionState[]) => {
    for (const now of [0, STUCK_AFTER_MS]) {
      t.clock.now = now;
      t.trouble.states(states);
    }
  };

  test('of partitions that have records is a wait that names five of them', () => {
    const t = trouble({});
    watch(
      t,
      Array.from({ length: 7 }, (_, partition) => state(partition, 'active')),
    );
    expect(t.lines).toHaveLength(1);
    expect(t.lines[0]).toStartWith('WARN  waiting for records: orders-0: its end is 99, and nothing comes');
    expect(t.lines[0]).toEndWith('; and 2 more');
  });

  test('is explained by an outage that is waited for already', () => {
    const t = trouble({});
    t.waits.begin('kafka', 'Kafka', 'away');
    watch(t, [state(0, 'active')]);
    expect(t.lines).toEqual(['WARN  waiting for Kafka: away']);
  });

  test('is none while the partitions are paused', () => {
    const t = trouble({ isPaused: true } as Partial<KafkaConsumer>);
    watch(t, [state(0, 'active')]);
    expect(t.lines).toEqual([]);
  });

  test('of a partition without a valid offset ends the sink, when none may be chosen', async () => {
    const t = trouble({
      positions: () => [],
      committed: async () => [{ topic: 'orders', partition: 0 }],
      watermarks: async () => ({ low: 0, high: 99 }),
    });
    watch(t, [state(0, 'none')]);
    await Bun.sleep(0);
    expect(t.fatal.map(e => e.code)).toEqual(['KAFKA_NO_OFFSET']);
    expect(t.fatal[0]!.message).toContain('orders-0: the group has no offset');
  });
});
