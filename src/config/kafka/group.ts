// The consumer in its group: how partitions are assigned, what the broker decides, and where a first read begins.
import { shown } from '../value/entry.ts';
import { nearest } from '../value/suggest.ts';
import type { ClientSettings } from './client.ts';
import type { Translation } from './translation.ts';

export function translateGroup(client: ClientSettings, out: Translation): void {
  const protocol = client.peek('group.protocol');
  if (protocol?.value.trim().toLowerCase() === 'consumer') {
    refuseBrokers(client, out);
    return;
  }
  const strategy = client.take('partition.assignment.strategy');
  if (!strategy) {
    out.set('partition.assignment.strategy', 'cooperative-sticky', undefined);
    return;
  }
  const names = strategy.value.split(',').map(name => name.trim());
  const assignors = names
    .filter(name => name !== '')
    .map(name => (Object.hasOwn(ASSIGNORS, name) ? ASSIGNORS[name]! : undefined));
  if (assignors.length === 0 || assignors.includes(undefined)) {
    const didYouMean = nearest(strategy.value.trim(), Object.keys(ASSIGNORS));
    out.problem(strategy, 'bad value', {
      expected: ASSIGNOR_FORMS,
      found: shown(strategy),
      didYouMean,
    });
    return;
  }
  const eager = assignors.filter(assignor => assignor !== 'cooperative-sticky');
  if (eager.length > 0 && eager.length < assignors.length) {
    // In Java a group with such a list runs eagerly; librdkafka refuses the mix.
    out.warn(
      strategy,
      `mixes eager and cooperative assignors, which librdkafka cannot: ${eager.join(',')} is used`,
    );
    out.set('partition.assignment.strategy', eager.join(','), strategy);
    return;
  }
  out.set('partition.assignment.strategy', assignors.join(','), strategy);
}

/** `auto.offset.reset` where Java's word is not librdkafka's. */
export function translateReset(client: ClientSettings, out: Translation): void {
  const none = client.take('auto.offset.reset', value => value.toLowerCase() === 'none');
  if (none) out.set('auto.offset.reset', 'error', none);
  const duration = client.take('auto.offset.reset', value => value.toLowerCase().startsWith('by_duration'));
  if (duration) {
    out.problem(duration, 'librdkafka has no reset by duration', {
      expected: 'earliest, latest or none',
      found: shown(duration),
    });
  }
}

// --- internal ---

const ASSIGNORS: Record<string, string> = {
  'org.apache.kafka.clients.consumer.RangeAssignor': 'range',
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': 'roundrobin',
  'org.apache.kafka.clients.consumer.CooperativeStickyAssignor': 'cooperative-sticky',
  range: 'range',
  roundrobin: 'roundrobin',
  'cooperative-sticky': 'cooperative-sticky',
};
const ASSIGNOR_FORMS = 'range, roundrobin or cooperative-sticky, or their Java class names';

/** What the broker decides under group.protocol=consumer (KIP-848). */
function refuseBrokers(client: ClientSettings, out: Translation): void {
  for (const name of [
    'session.timeout.ms',
    'heartbeat.interval.ms',
    'partition.assignment.strategy',
    'group.protocol.type',
  ]) {
    const setting = client.take(name);
    if (!setting) continue;
    const remote = name === 'partition.assignment.strategy';
    out.problem(setting, `cannot be set with group.protocol=consumer: the broker decides it`, {
      expected: remote ? 'group.remote.assignor, or no such key' : 'no such key',
    });
  }
}
