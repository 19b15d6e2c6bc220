import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  createLogger,
  escapeControl,
  type LogFormat,
  type LogLevel,
  MAX_LOG_TEXT,
} from '../../../src/observe/log.ts';

function logged(format: LogFormat, mask = (text: string) => text, level: LogLevel = 'debug') {
  const lines: string[] = [];
  const now = () => new Date('2026-11-22T10:00:00.000Z');
  return { lines, log: createLogger({ level, format, now, write: line => lines.push(line), mask }) };
}

/** What moves a cursor, ends a line or turns the direction of text. */
const ACTIVE = /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\n', '\r', '\u001b', '"', '\\', '\u0085', '\u202e', '\ud800', 'a') }),
);

describe('a log line', () => {
  test('is one line of text with quoted values', () => {
    const { log, lines } = logged('text');
    log.info('rows written', { rows: 3, topic: 'a b', empty: '', off: undefined, ok: true });
    expect(lines).toEqual([
      '2026-11-22T10:00:00.000Z INFO  rows written rows=3 topic="a b" empty="" ok=true\n',
    ]);
  });

  test('masks text and leaves numbers alone', () => {
    for (const format of ['text', 'json'] as const) {
      const { log, lines } = logged(format, text => text.replaceAll('8083', '[hidden]'));
      log.info('port 8083', { offset: 18083, name: 'x8083' });
      expect(lines[0]).toContain('18083');
      expect(lines[0]).toContain('port [hidden]');
      expect(lines[0]).toContain('x[hidden]');
    }
  });

  test('cannot be forged by what a record holds', () => {
    const { log, lines } = logged('text');
    log.error('bad record\n2026-11-22T10:00:00.000Z INFO  all is well', { value: '1\u001b[2J\r\nx' });
    expect(lines).toEqual([
      '2026-11-22T10:00:00.000Z ERROR bad record\\n2026-11-22T10:00:00.000Z INFO  all is well value="1\\u001b[2J\\r\\nx"\n',
    ]);
  });

  test.each(['text', 'json'] as const)('as %s stays one harmless line whatever is logged', format => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (message, key, value) => {
        const { log, lines } = logged(format);
        log.warn(message, { [key]: value });
        const [line] = lines;
        expect(lines).toHaveLength(1);
        expect(line!.indexOf('\n')).toBe(line!.length - 1);
        expect(line).not.toMatch(ACTIVE);
        expect(line!.isWellFormed()).toBe(true);
      }),
    );
  });

  test('as JSON gives message and fields back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (message, value) => {
        const { log, lines } = logged('json');
        log.warn(message, { value, n: 1.5 });
        expect(JSON.parse(lines[0]!)).toEqual({
          time: '2026-11-22T10:00:00.000Z',
          level: 'warn',
          message,
          value,
          n: 1.5,
        });
      }),
    );
  });

  test('as JSON keeps its own time, level and message', () => {
    const { log, lines } = logged('json');
    log.info('real', { level: 'debug', message: 'fake', time: 'never', place: 'x' });
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '2026-11-22T10:00:00.000Z',
      level: 'info',
      message: 'real',
      place: 'x',
    });
  });

  test.each(['text', 'json'] as const)('as %s hides a secret that escaping would change', format => {
    const secret = 'pa"ss\\wo\nrd';
    const { log, lines } = logged(format, text => text.replaceAll(secret, '[hidden]'));
    log.error(`token ${secret} refused`, { token: secret });
    expect(lines[0]).toContain('token [hidden] refused');
    expect(lines[0]).not.toMatch(/pa.{1,4}ss/);
  });

  test('of a huge value is cut', () => {
    const { log, lines } = logged('text');
    log.info('x'.repeat(MAX_LOG_TEXT + 10));
    expect(lines[0]).toEndWith('x… (10 characters more)\n');
  });

  test('below the level is not written', () => {
    const { log, lines } = logged('text', text => text, 'warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map(line => line.slice(25, 32))).toEqual(['WARN  c', 'ERROR d']);
    expect([log.enabled('info'), log.enabled('warn')]).toEqual([false, true]);
  });
});

test('ordinary text is left as it is', () => {
  expect(escapeControl('Grüße, 世界 🎉 "x" \\n')).toBe('Grüße, 世界 🎉 "x" \\n');
});
