import { expect, test } from 'bun:test';
import { plainReason } from '../../../src/kafka/event-error.ts';

// As librdkafka 2.15 writes them.
test.each([
  [
    '[thrd:localhost:9/bootstrap]: localhost:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state CONNECT)',
    'Connect to ipv4#127.0.0.1:9 failed: Connection refused',
  ],
  [
    '[thrd:localhost:9/bootstrap]: localhost:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)',
    'Connect to ipv4#127.0.0.1:9 failed: Connection refused',
  ],
  [
    '[thrd:sasl_ssl://b:9093/1]: sasl_ssl://b:9093/1: SASL authentication error: Authentication failed (after 3ms in state AUTH_REQ)',
    'SASL authentication error: Authentication failed',
  ],
  ['something else (as it is)', 'something else (as it is)'],
])('%s', (message, reason) => {
  expect(plainReason(message)).toBe(reason);
});
