// What several connectors in one process may not have in common: a name, a static member of one consumer group.
import { type ConnectorReading, MOST_TASKS } from './connector.ts';
import type { Findings } from './value/entry.ts';

/** Compares the connectors with one another. */
export function checkSeveral(readings: readonly ConnectorReading[], findings: Findings): void {
  readings.forEach((reading, i) => {
    for (const earlier of readings.slice(0, i)) {
      checkNames(earlier, reading, findings);
      checkGroups(earlier, reading, findings);
    }
  });
}

// --- internal ---

function checkNames(earlier: ConnectorReading, reading: ConnectorReading, findings: Findings): void {
  const [first, second] = [earlier.chosen.get('name'), reading.chosen.get('name')];
  if (!first || !second || earlier.values.name !== reading.values.name) return;
  findings.problems.push({
    where: second.source,
    key: 'name',
    problem: `is the name of another connector as well (${first.source})`,
    expected: 'a name of its own for each connector',
    found: second.value,
  });
}

/** Only where group.id is set can two connectors have the same group: by default it is the name's. */
function checkGroups(earlier: ConnectorReading, reading: ConnectorReading, findings: Findings): void {
  const group = groupOf(reading);
  const place = reading.consumer.sources.get('group.id') ?? earlier.consumer.sources.get('group.id');
  if (!place || groupOf(earlier) !== group || brokersOf(earlier) !== brokersOf(reading)) return;
  const member = reading.consumer.sources.get('group.instance.id');
  const clash = [...memberIds(reading)].find(id => memberIds(earlier).has(id));
  if (member && clash !== undefined) {
    findings.problems.push({
      where: member.source,
      key: member.key,
      problem: `makes ${reading.values.name} the same static member (${clash}) of the group ${group} as ${earlier.values.name} (${earlier.path}): Kafka lets only one of them in`,
      expected: 'a group.id or a group.instance.id of its own for each connector',
    });
    return;
  }
  findings.warnings.push(
    `${place.key} (${place.source}) puts ${earlier.values.name} and ${reading.values.name} into one consumer group, ${group}: of a topic that both read, each gets a part of the records`,
  );
}

function groupOf({ consumer, values }: ConnectorReading): string {
  return String(consumer.properties['group.id'] ?? `connect-${values.name}`);
}

/** Where a connector goes to other brokers than the worker's: a group there has nothing to do with one here. */
function brokersOf({ consumer }: ConnectorReading): string {
  return String(consumer.properties['bootstrap.servers'] ?? '');
}

/** The task's rule: with several tasks each is a member of its own, `<id>-<number of the task>`. */
function memberIds({ consumer, values }: ConnectorReading): Set<string> {
  const id = consumer.properties['group.instance.id'];
  const tasks = values['tasks.max'] ?? 1;
  if (id === undefined) return new Set();
  return new Set(
    tasks === 1 ? [String(id)] : Array.from({ length: Math.min(tasks, MOST_TASKS) }, (_, i) => `${id}-${i}`),
  );
}
