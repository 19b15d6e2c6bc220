import { expect, test } from 'bun:test';
import { EventEmitter } from 'node:events';
import { ClientEvents } from '../../../src/kafka/client-events.ts';
import type { RdConsumer, RdError } from '../../../src/kafka/rdkafka.ts';
import type { PartitionState } from '../../../src/kafka/stalled.ts';
import { createLogger } from '../../../src/observe/log.ts';

/** A client that says nothing by itself; `marks` is what a broker answers of any partition. */
function listening(marks?: { lowOffset: number; highOffset: number }) {
  const client = Object.assign(new EventEmitter(), {
    queryWatermarkOffsets: (_t: string, _p: number, _ms: number, cb: (...args: unknown[]) => void) =>
      marks ? cb(null, marks) : cb({ code: -195, message: 'no leader' }),
  });
  const heard = {
    errors: [] as RdError[],
    fatal: [] as RdError[],
    states: [] as PartitionState[][],
    lines: [] as string[],
  };
  const state = { connected: true, closing: false };
  const events = new ClientEvents({
    hooks: {
      error: error => heard.errors.push(error),
      fatal: error => heard.fatal.push(error),
      states: partitions => heard.states.push(partitions),
    },
    log: createLogger({
      level: 'info',
      format: 'text',
      now: () => new Date(0),
      mask: t => t,
      write: line => heard.lines.push(line.slice(25).trim()),
    }),
    now: () => 0,
    connectedOnce: () => state.connected,
    isClosing: () => state.closing,
  });
  events.listen(client as unknown as RdConsumer);
  return { client, events, heard, state };
}
const line = (fac: string, message: string) => ({ severity: 4, fac, message });

test('an error of a connection has the reason of the log line before it, any other its own', () => {
  const { client, heard } = listening();
  client.emit('event.error', { code: -195, message: 'transport' });
  client.emit(
    'event.log',
    line('FAIL', '[thrd:x]: kafka:9092/1: Connection refused (after 3ms in state CONNECT)'),
  );
  client.emit('event.error', { code: -195, message: 'transport' });
  client.emit('event.error', { code: 30, message: 'not for you' });
  expect(heard.errors).toEqual([
    { code: -195, message: 'transport' },
    { code: -195, message: 'Connection refused' },
    { code: 30, message: 'not for you' },
  ]);
});

test('a failed connection is no line before a broker has answered: what waits for it reports it', () => {
  const { client, heard, state } = listening();
  state.connected = false;
  client.emit('event.log', line('FAIL', 'Connection refused'));
  expect(heard.lines).toEqual([]);
  state.connected = true;
  client.emit('event.log', line('FAIL', 'Connection refused'));
  client.emit('event.log', line('FAIL', 'Connection refused'));
  expect(heard.lines).toEqual(['WARN  librdkafka FAIL: Connection refused']);
});

test('it dies once, whether its log or its statistics say so, and reports nothing after it', () => {
  const { client, events, heard } = listening();
  expect(events.isDead).toBe(false);
  const fatal = { error: 'FENCED_INSTANCE_ID', reason: 'fenced' };
  client.emit('event.stats', { message: JSON.stringify({ topics: {}, fatal }) });
  client.emit('event.log', line('FATAL', 'Fatal error: fenced'));
  client.emit('event.stats', { message: JSON.stringify({ topics: {}, fatal }) });
  expect(events.isDead).toBe(true);
  expect(heard.fatal).toEqual([{ code: 82, message: 'fenced' }]);
  expect(heard.states).toEqual([]);
});

test('statistics of a client that closes are not looked at', () => {
  const { client, heard, state } = listening();
  client.emit('event.stats', { message: '{}' });
  state.closing = true;
  client.emit('event.stats', { message: '{}' });
  expect(heard.states).toEqual([[]]);
});

const RESET =
  'orders [3]: offset reset (at offset 10 (leader epoch 0), broker 1) to offset BEGINNING (leader epoch -1): gone';

test('after a reset the records that there are now are a line, too', async () => {
  const { client, heard } = listening({ lowOffset: 100, highOffset: 200 });
  client.emit('event.log', line('OFFSET', RESET));
  await Bun.sleep(0);
  expect(heard.lines).toHaveLength(2);
  expect(heard.lines[0]).toStartWith('WARN  offset reset of orders-3: from 10 to the beginning');
  expect(heard.lines[1]).toBe('WARN  orders-3 holds offsets 100 to 199 now');
});

test('a broker that does not say which there are is no error', async () => {
  const { client, heard } = listening();
  client.emit('event.log', line('OFFSET', RESET));
  await Bun.sleep(0);
  expect(heard.lines).toHaveLength(1);
  expect(heard.errors).toEqual([]);
});
