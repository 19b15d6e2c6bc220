import { expect, test } from 'bun:test';
import { logStrayOutput, type Outlets } from '../../../src/cli/stray-output.ts';
import { createLogger } from '../../../src/observe/log.ts';

test('what a library writes past the log becomes a line of it', () => {
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    now: () => new Date(0),
    write: line => void lines.push(line),
    mask: text => text.replaceAll('s3cret', '[hidden]'),
  });
  const raw = () => {
    throw new Error('written past the log');
  };
  const outlets: Outlets = {
    console: { error: raw, warn: raw, info: raw, log: raw, debug: raw },
    process: { emitWarning: raw },
  };
  logStrayOutput(outlets, log);
  outlets.console.error('E %s\nwith a s3cret', 'two lines', { code: 7 });
  outlets.console.warn('post was timeout');
  outlets.console.log('chatter');
  outlets.process.emitWarning('deprecated', 'DeprecationWarning');
  outlets.process.emitWarning(new RangeError('too many listeners'));
  expect(lines.map(line => JSON.parse(line)).map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'E two lines\nwith a [hidden] { code: 7 }'],
    ['warn', 'post was timeout'],
    ['debug', 'chatter'],
    ['warn', 'deprecated'],
    ['warn', 'RangeError: too many listeners'],
  ]);
  expect(lines.every(line => line.endsWith('\n') && !line.slice(0, -1).includes('\n'))).toBe(true);
});
