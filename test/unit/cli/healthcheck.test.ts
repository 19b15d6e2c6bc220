import { expect, test } from 'bun:test';
import { targetUrl } from '../../../src/cli/healthcheck.ts';
import { SinkError } from '../../../src/errors.ts';

test.each([
  ['http://localhost:8083', false, 'http://localhost:8083/livez'],
  ['http://localhost:8083/', true, 'http://localhost:8083/readyz'],
  ['localhost:8083', false, 'http://localhost:8083/livez'],
  ['http://[::1]:8083', true, 'http://[::1]:8083/readyz'],
  ['http://edge/healthz', true, 'http://edge/healthz'],
])('%s with --ready %p asks %s', (base, ready, url) => {
  expect(targetUrl(base, ready).href).toBe(url);
});

test.each(['https://localhost:8083', 'ftp://x', 'http://', ''])('%p is refused', base => {
  expect(() => targetUrl(base, false)).toThrow(SinkError);
});
