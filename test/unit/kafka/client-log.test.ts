import { describe, expect, test } from 'bun:test';
import { clientLogLine, fatalLogError } from '../../../src/kafka/client-log.ts';

// As librdkafka 2.15 writes them.
const FENCED =
  '[thrd:main]: Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id: Static consumer fenced by other consumer with same group.instance.id';
const RESET =
  '[thrd:main]: orders.v1 [3]: offset reset (at offset 10 (leader epoch 0), broker 1) to cached BEGINNING offset 100 (leader epoch -1): fetch failed due to requested offset not available on the broker: Broker: Offset out of range';

describe('fatalLogError', () => {
  test('names the cause by its code', () => {
    expect(fatalLogError({ severity: 0, fac: 'FATAL', message: FENCED })?.code).toBe(82);
  });
  test('a cause that nobody knows is fatal all the same', () => {
    expect(fatalLogError({ severity: 0, fac: 'FATAL', message: 'Fatal error: of another kind' })).toEqual({
      code: -150,
      message: 'of another kind',
    });
  });
  test('no other line is', () => {
    expect(fatalLogError({ severity: 0, fac: 'FAIL', message: FENCED })).toBeUndefined();
  });
});

describe('clientLogLine', () => {
  test('an offset reset is a line with its partition and offsets', () => {
    const line = clientLogLine({ severity: 4, fac: 'OFFSET', message: RESET }, true);
    expect(line.level).toBe('warn');
    expect(line.text).toStartWith('offset reset of orders.v1-3: from 10 to 100: ');
    expect(line.text).toEndWith('Broker: Offset out of range');
    expect(line.reset).toEqual({ topic: 'orders.v1', partition: 3 });
  });
  test('two partitions are two lines', () => {
    const other = clientLogLine({ severity: 4, fac: 'OFFSET', message: RESET.replace('[3]', '[4]') }, true);
    expect(other.key).not.toBe(clientLogLine({ severity: 4, fac: 'OFFSET', message: RESET }, true).key);
  });
  test.each([
    [0, 'warn'],
    [3, 'warn'],
    [4, 'warn'],
    [5, 'debug'],
    [7, 'debug'],
  ] as const)('severity %d is %s', (severity, level) => {
    expect(clientLogLine({ severity, fac: 'SESSTMOUT', message: 'x' }, true).level).toBe(level);
  });
  test('lines that differ by numbers only are one', () => {
    const line = (n: number) =>
      clientLogLine({ severity: 4, fac: 'REQTMOUT', message: `Timed out ${n}` }, true);
    expect(line(1).key).toBe(line(27).key);
    expect(line(1).text).toBe('librdkafka REQTMOUT: Timed out 1');
  });
  test('before the first answer, a failed connection is reported by what waits for it', () => {
    const event = { severity: 3, fac: 'FAIL', message: 'Connect failed: Connection refused' };
    expect(clientLogLine(event, false).level).toBe('debug');
    expect(clientLogLine(event, true).level).toBe('warn');
  });
});
