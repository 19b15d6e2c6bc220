// Properties that exclude or bound each other: librdkafka says so only when a client is made, and without a place.
import { shown } from '../value/entry.ts';
import type { ClientSettings } from './client.ts';
import type { Translation } from './translation.ts';

/** Puts right what Java allows, and refuses the rest with its place. */
export function checkTogether(client: ClientSettings, out: Translation): void {
  const p = out.properties;
  const number = (name: string, standard: number) => (typeof p[name] === 'number' ? p[name] : standard);

  const interval = number('max.poll.interval.ms', 300000);
  const session = number('session.timeout.ms', 45000);
  // Java knows no such rule.
  if (p['group.protocol'] !== 'consumer' && interval < session) {
    const setting = client.peek('max.poll.interval.ms');
    if (setting) {
      out.warn(setting, `is shorter than session.timeout.ms, which librdkafka refuses: ${session} is used`);
    }
    p['max.poll.interval.ms'] = session;
  }

  const fetch = client.peek('fetch.max.bytes');
  if (fetch && typeof p['fetch.max.bytes'] === 'number') {
    const bytes = p['fetch.max.bytes'];
    if (bytes < 1000)
      out.problem(fetch, 'bad value', { expected: 'an integer from 1000', found: shown(fetch) });
    // librdkafka wants message.max.bytes, which bounds what a client sends, to be the smaller one.
    else if (bytes < number('message.max.bytes', 1_000_000)) p['message.max.bytes'] = bytes;
  }
  const receive = client.peek('receive.message.max.bytes');
  const needed = number('fetch.max.bytes', 0) + 512;
  if (receive && number('receive.message.max.bytes', needed) < needed) {
    out.problem(receive, 'is less than fetch.max.bytes + 512', {
      expected: `at least ${needed}`,
      found: shown(receive),
    });
  }

  const first = number('reconnect.backoff.ms', 100);
  const longest = number('reconnect.backoff.max.ms', 10000);
  if (first > longest) {
    const setting = client.peek('reconnect.backoff.max.ms');
    if (setting)
      out.problem(setting, 'is less than reconnect.backoff.ms', {
        expected: `at least ${first}`,
        found: shown(setting),
      });
    else p['reconnect.backoff.max.ms'] = first;
  }
}
