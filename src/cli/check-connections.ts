// What Kafka and Milvus answer to one connector, as the lines that `validate --connect` prints.

import type { ConnectorSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import { chooseInsertMode } from '../map/insert-mode.ts';
import { escapeControl, type Logger } from '../observe/log.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { type PlannedField, planFields } from './field-plan.ts';
import { columns } from './help.ts';

/**
 * Asks Kafka and Milvus beside each other and prints what both say, so that one trouble does not hide the other.
 * @returns 0, or the exit code of the first trouble: Kafka's (4), else Milvus' (3) or the configuration's (1)
 */
export async function checkConnections(
  settings: ConnectorSettings,
  mask: (text: string) => string,
  log: Logger,
  print: (text: string) => void,
): Promise<ExitCode> {
  const verdicts = await Promise.all([kafkaVerdict(settings), milvusVerdict(settings, log)]);
  for (const { lines } of verdicts) for (const line of lines) print(mask(line));
  return verdicts.find(({ exitCode }) => exitCode !== EXIT.stopped)?.exitCode ?? EXIT.stopped;
}

/** The table of fields; exported for its test. */
export function renderFields(fields: readonly PlannedField[]): string {
  const head: PlannedField = { field: 'field', type: 'type', filledFrom: 'filled from', takes: 'takes' };
  const all = [head, ...fields];
  // Names are the collection owner's: they must not paint on the terminal.
  const right = all.map(f => [escapeControl(f.filledFrom), escapeControl(f.takes)] as const);
  const middle = columns(right).split('\n');
  const rest = columns(all.map((f, i) => [escapeControl(f.type), middle[i]!] as const)).split('\n');
  return columns(all.map((f, i) => [escapeControl(f.field), rest[i]!] as const));
}

// --- internal ---

/** Why something is wrong, and the exit code that `run` would end with. */
type Verdict = { exitCode: ExitCode; lines: string[] };

const ANSWER_TIMEOUT_MS = 5000;

async function kafkaVerdict(settings: ConnectorSettings): Promise<Verdict> {
  try {
    const [{ checkKafka }, { officialClient }] = await Promise.all([
      import('../kafka/check-cluster.ts'),
      import('../kafka/client.ts'),
    ]);
    const report = await checkKafka({
      settings,
      timeoutMs: ANSWER_TIMEOUT_MS,
      createClient: officialClient(),
    });
    const partitions = report.topics.reduce((sum, topic) => sum + topic.partitions, 0);
    const named = report.topics.map(topic => `${topic.name} (${count(topic.partitions, 'partition')})`);
    const lines = [
      `Kafka       ok      ${settings.consumer['bootstrap.servers']}: ${count(report.brokers, 'broker')}`,
    ];
    if (named.length > 0) lines.push(`topics      ok      ${named.join(', ')}`);
    if (partitions > 0)
      lines.push(`group       ok      ${settings.groupId}: ${start(report.committed, partitions, settings)}`);
    for (const name of report.missing) {
      lines.push(
        `topics      missing ${name} does not exist, or this user may not see it; the sink would wait for it`,
      );
    }
    if (settings.topicsRegex !== undefined && named.length === 0) {
      lines.push(`topics      missing no topic matches ${settings.topicsRegex}; the sink would wait for one`);
    }
    if (partitions > 0 && settings.tasksMax > partitions) {
      lines.push(
        `warning: tasks.max=${settings.tasksMax}, but there are only ${count(partitions, 'partition')}: the other tasks would idle`,
      );
    }
    const missing = report.missing.length > 0 || named.length === 0;
    return { exitCode: missing ? EXIT.kafkaRefused : EXIT.stopped, lines };
  } catch (error) {
    return failed('Kafka', error, EXIT.kafkaRefused);
  }
}

function start(committed: number, partitions: number, settings: ConnectorSettings): string {
  const reset = String(settings.consumer['auto.offset.reset']);
  if (committed === 0) return `no committed offsets, starts at the ${reset}`;
  if (committed === partitions) return 'goes on at its committed offsets';
  return `goes on at its committed offsets on ${committed} of ${partitions} partitions, starts at the ${reset} of the others`;
}

async function milvusVerdict(settings: ConnectorSettings, log: Logger): Promise<Verdict> {
  const lines: string[] = [];
  let asked = 'Milvus';
  try {
    const { connectMilvus } = await import('../milvus/client/connection.ts');
    const connection = await connectMilvus(settings.milvus, { log });
    try {
      lines.push(`Milvus      ok      ${settings.milvus.address}: ${connection.serverVersion}`);
      asked = 'collection';
      const schema = await connection.describe();
      const mode = chooseInsertMode(schema, settings);
      // Refuses a collection that cannot be written.
      const fields = planFields(schema, mode);
      lines.push(
        `collection  ok      ${schema.database}.${schema.collection}: ${count(schema.fields.length, 'field')}, dynamic field ${schema.dynamic ? 'on' : 'off'}`,
      );
      if (mode !== settings.insertMode) {
        lines.push(
          'warning: the collection gives its keys itself (autoID): rows are inserted, and a record read twice is a row twice',
        );
      }
      lines.push('', renderFields(fields));
      return { exitCode: EXIT.stopped, lines };
    } finally {
      await connection.close();
    }
  } catch (error) {
    const { exitCode, lines: more } = failed(asked, error, EXIT.milvusRefused);
    return { exitCode, lines: [...lines, ...more] };
  }
}

/** What is no SinkError is a server that is not there: at `run` a reason to wait, here a reason to say no. */
function failed(what: string, error: unknown, otherwise: ExitCode): Verdict {
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof SinkError ? exitCodeOf(error) : otherwise;
  return { exitCode, lines: [`${what.padEnd(12)}failed  ${escapeControl(message)}`] };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
