// One connector's settings: read with all that is wrong with them, then made into what its stages take.
import type { ConverterSettings } from '../decode/settings.ts';
import { isPlaceholder } from '../milvus/client/token.ts';
import {
  type ChosenConverter,
  checkHeaderConverter,
  chooseConverter,
  readConverter,
  readKeyConverter,
} from './converters.ts';
import { describeEffective } from './effective.ts';
import { formatAddress } from './endpoint.ts';
import { type ConsumerTranslation, consumerProperties, translateClients } from './kafka/clients.ts';
import type { Values } from './keys.ts';
import { checkMilvusTls } from './milvus-tls.ts';
import type { ConnectorSettings } from './settings.ts';
import { checkTopics } from './topic-keys.ts';
import { type Findings, noFindings, type Setting, shown } from './value/entry.ts';
import type { ReadFile } from './value/pem.ts';
import { type Chosen, readValues } from './values.ts';
import type { WorkerReading } from './worker.ts';

/** A connector's settings and the worker's, config providers done. */
export interface ConnectorInput {
  /** Of the connector's file. */
  path: string;
  /** False when the file could not be read: complaints that keys are missing would mislead. */
  readable: boolean;
  connector: ReadonlyMap<string, Setting>;
  worker: ReadonlyMap<string, Setting>;
  /** Keys whose value could not be had, which is a problem already. */
  unresolved: ReadonlySet<string>;
  /** For stores and PEM files. */
  readFile: ReadFile;
}

export interface ConnectorReading {
  path: string;
  findings: Findings;
  values: Values<'connector'>;
  chosen: Chosen;
  topics: string[];
  converters: Converters;
  consumer: ConsumerTranslation;
}

/** Never throws: what is wrong is in the reading's findings. */
export function readConnector(input: ConnectorInput): ConnectorReading {
  const { path, readable, connector, worker, unresolved, readFile } = input;
  const findings = noFindings();
  const { values, chosen } = readable
    ? readValues('connector', connector, unresolved, findings)
    : { values: {} as Values<'connector'>, chosen: new Map() };
  const converters = readConverters(worker, connector, findings);
  const topics =
    readable && !unresolved.has('topics') ? checkTopics(values, chosen, connector, findings) : [];
  checkMilvusTls(values, chosen, readFile, findings);
  checkToken(values, chosen, findings);
  checkBatch(values, chosen, findings);
  checkTasks(values, chosen, findings);
  const consumer = translateClients(worker, connector, readFile, findings);
  return { path, findings, values, chosen, topics, converters, consumer };
}

/**
 * @param reading without problems
 * @param mask replaces every secret of all files
 */
export function toConnectorSettings(
  reading: ConnectorReading,
  worker: WorkerReading,
  mask: (text: string) => string,
): ConnectorSettings {
  const { values, chosen, topics, converters, consumer } = reading;
  const name = values.name!;
  const properties = consumerProperties(name, worker.values['bootstrap.servers'], consumer);
  const endpoint = values['public.endpoint']!;
  return {
    name,
    groupId: String(properties['group.id']),
    ...(topics.length > 0 ? { topics } : { topicsRegex: values['topics.regex']! }),
    excludeInternalTopics: consumer.excludeInternalTopics,
    tasksMax: Math.min(values['tasks.max'], MOST_TASKS),
    milvus: {
      address: formatAddress(endpoint.host, endpoint.port),
      ...endpoint,
      ...optional('tlsCaFile', values['milvus.tls.ca.location']),
      ...optional('tlsCertFile', values['milvus.tls.certificate.location']),
      ...optional('tlsKeyFile', values['milvus.tls.key.location']),
      ...optional('tlsServerName', values['milvus.tls.server.name']),
      transport: values['milvus.transport'],
      token: values.token,
      database: values['database.name'],
      collection: values['collection.name']!,
      requestTimeoutMs: values['milvus.request.timeout.ms'],
      refusedTimeoutMs: values['milvus.refused.timeout.ms'],
      requestTimeoutMinMs: values['milvus.request.timeout.min.ms'],
      jsonMaxBytes: values['milvus.json.max.bytes'],
    },
    insertMode: values['insert.mode'],
    insertModeExplicit: chosen.get('insert.mode')?.source !== 'default',
    batch: {
      maxRows: values['batch.max.rows'],
      maxBytes: values['batch.max.bytes'],
      maxInFlight: values['max.in.flight'],
      bufferMaxBytes: values['buffer.max.bytes'],
    },
    errors: {
      tolerance: values['errors.tolerance'],
      logEnable: values['errors.log.enable'],
      logIncludeMessages: values['errors.log.include.messages'],
      retryTimeoutMs: values['errors.retry.timeout'],
      retryDelayMaxMs: values['errors.retry.delay.max.ms'],
      maxConsecutive: values['errors.max.consecutive'],
    },
    keyConverter: converters.key!,
    valueConverter: converters.value!,
    offsetFlushIntervalMs: worker.values['offset.flush.interval.ms'],
    offsetFlushTimeoutMs: worker.values['offset.flush.timeout.ms'],
    maxPollRecords: consumer.maxPollRecords,
    consumer: properties,
    effective: describeEffective({
      values: [chosen, worker.chosen],
      converters: converters.chosen,
      properties,
      sources: consumer.sources,
      mask,
    }),
  };
}

/** How many consumers a connector has at most: each has threads and buffers of its own. */
export const MOST_TASKS = 256;

// --- internal ---

interface Converters {
  key: ConverterSettings | undefined;
  value: ConverterSettings | undefined;
  /** As they are written, the key's, the value's, the headers'. */
  chosen: ChosenConverter[];
}

function readConverters(
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  findings: Findings,
): Converters {
  const choose = (key: ChosenConverter['key']) => chooseConverter(key, worker, connector, findings);
  const chosen = [choose('key.converter'), choose('value.converter'), choose('header.converter')] as const;
  const key = readKeyConverter(chosen[0], findings);
  const value = readConverter(chosen[1], findings);
  checkHeaderConverter(chosen[2], findings);
  return { key, value, chosen: [...chosen] };
}

/** Not refused: a Milvus without authentication takes any token. */
function checkToken(values: Values<'connector'>, chosen: Chosen, findings: Findings): void {
  const token = chosen.get('token');
  if (token && isPlaceholder(values.token ?? '')) {
    findings.warnings.push(
      `token (${token.source}) still holds the guide's asterisks: put in your API key or user:password, or remove the line for a Milvus without authentication`,
    );
  }
}

function checkBatch(values: Values<'connector'>, chosen: Chosen, findings: Findings): void {
  const buffer = chosen.get('buffer.max.bytes');
  if (!buffer || values['buffer.max.bytes'] >= values['batch.max.bytes']) return;
  findings.problems.push({
    where: buffer.source,
    key: 'buffer.max.bytes',
    problem: 'is less than batch.max.bytes',
    expected: `at least ${values['batch.max.bytes']}`,
    found: shown(buffer),
  });
}

function checkTasks(values: Values<'connector'>, chosen: Chosen, findings: Findings): void {
  const tasks = chosen.get('tasks.max');
  if (!tasks || values['tasks.max'] <= MOST_TASKS) return;
  findings.warnings.push(
    `tasks.max (${tasks.source}) is more than one process is good for: ${MOST_TASKS} consumers are made`,
  );
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}
