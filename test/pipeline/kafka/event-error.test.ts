// The client's error events have no code: here the texts of the package itself are turned back into their codes.
import { expect, test } from 'bun:test';
import { withErrorCode } from '../../../src/kafka/event-error.ts';
import { loadKafka } from '../../../src/kafka/load.ts';
import type { RdConsumer } from '../../../src/kafka/rdkafka.ts';

test.each([
  ['authentication failure', -169],
  ['ssl error', -181],
  ['broker transport failure', -195],
  ['all broker connections are down', -187],
  ['host resolution failure', -193],
  ['fatal error', -150],
  ['topic authorization failed', 29],
  ['group authorization failed', 30],
])('%s is %i', (message, code) => {
  expect(withErrorCode({ code: -1, message })).toEqual({ code, message });
});

test('a code that is there stays, and an unknown text has none', () => {
  const error = { code: 3, message: 'authentication failure' };
  expect(withErrorCode(error)).toBe(error);
  expect(withErrorCode({ code: -1, message: 'of another kind' }).code).toBe(-1);
});

test('an event as the client really brings it', async () => {
  const { KafkaConsumer } = loadKafka();
  const client = new KafkaConsumer(
    { 'bootstrap.servers': '127.0.0.1:9', 'group.id': 'x', log_level: 0 } as never,
    {},
  ) as unknown as RdConsumer;
  const codes: number[] = [];
  client.on('event.error', (error: { code: number; message: string }) =>
    codes.push(withErrorCode(error).code),
  );
  await new Promise<void>(resolve => client.connect({ timeout: 500 }, () => resolve()));
  await new Promise<void>(resolve => client.disconnect(() => resolve()));
  expect(codes).toContain(-195);
  expect(codes).toContain(-187);
});
