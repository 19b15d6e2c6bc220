// The whole configuration, from bytes to settings, without I/O of its own: one error tells all problems.
import * as v from 'valibot';
import { SinkError } from '../errors.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import { isPlaceholder } from '../milvus/client/token.ts';
import { type ConverterKey, checkHeaderConverter, readConverter, readKeyConverter } from './converters.ts';
import { describeEffective } from './effective.ts';
import { formatAddress } from './endpoint.ts';
import { mergeClient, type Translation } from './kafka/client.ts';
import { type ClientRole, type ClientTranslation, toLibrdkafka } from './kafka/librdkafka.ts';
import { firstListener, KEY_NAMES, type KeyName, specOf, type Values } from './keys.ts';
import { checkMilvusTls } from './milvus-tls.ts';
import { parseFile } from './properties.ts';
import { createResolver } from './providers.ts';
import type { Configuration, ConnectorSettings, HttpSettings } from './settings.ts';
import { splitSides } from './sides.ts';
import { checkTopics } from './topic-keys.ts';
import { type Findings, type Problem, renderProblem, type Setting, shown } from './value/entry.ts';
import { allowed } from './value/schema.ts';
import { createMask } from './value/secrets.ts';
import { nearest } from './value/suggest.ts';

export interface LoadInput {
  /** The worker's file and the connector's, or one file with both. */
  files: readonly { path: string; bytes: Uint8Array }[];
  /** `key=value`, from the command line. */
  set: readonly string[];
  env: Record<string, string | undefined>;
  /** For config providers and PEM files; throws when a file can't be read. */
  readFile: (path: string) => Uint8Array;
}

/**
 * @throws SinkError CONFIG_INVALID with a line for each problem
 */
export function loadConfiguration(input: LoadInput): Configuration {
  const sides = splitSides(
    input.files.map(file => parseFile(file.path, file.bytes)),
    input.env,
    input.set,
  );
  const findings: Findings = sides;
  const resolver = createResolver(sides.worker, input);
  const unresolved = new Set<string>();
  const worker = resolveAll(sides.worker, resolver.resolve, unresolved);
  const connector = resolveAll(sides.connector, resolver.resolve, unresolved);
  absorb(findings, resolver);
  // A malformed file hides keys: complaints that they are missing would mislead.
  const readable = sides.problems.length === 0 || sides.connector.size > 0;

  const chosen = new Map<KeyName, Setting>();
  const values = readable ? readValues(worker, connector, unresolved, chosen, findings) : ({} as Values);
  const key = chosenConverter('key.converter', worker, connector, findings);
  const keyConverter = readKeyConverter(key.setting, key.options, findings);
  const value = chosenConverter('value.converter', worker, connector, findings);
  const valueConverter = readConverter('value.converter', value.setting, value.options, findings);
  const header = chosenConverter('header.converter', worker, connector, findings);
  checkHeaderConverter(header.setting, header.options, findings);
  const topics =
    readable && !unresolved.has('topics') ? checkTopics(values, chosen, connector, findings) : [];
  const http = readHttp(values, chosen, findings);
  checkMilvusTls(values, chosen, input.readFile, findings);
  checkToken(values, chosen, findings);
  checkBatch(values, chosen, findings);
  const tasks = chosen.get('tasks.max');
  if (tasks && values['tasks.max'] > MOST_TASKS) {
    findings.warnings.push(
      `tasks.max (${tasks.source}) is more than one process is good for: ${MOST_TASKS} consumers are made`,
    );
  }

  const consumer = translate('consumer', worker, connector, input.readFile, findings);
  for (const role of ['producer', 'admin'] as const)
    translate(role, worker, connector, input.readFile, findings);

  const secrets = [...sides.secrets, ...resolver.secrets, ...consumer.secrets];
  for (const setting of [...worker.values(), ...connector.values()])
    if (setting.secret) secrets.push(setting.value);
  const mask = createMask(secrets.filter(secret => secret.trim() !== ''));
  if (findings.problems.length > 0) throw invalid(findings, mask);

  const name = values.name!;
  const properties = consumerProperties(name, values, consumer);
  const endpoint = values['public.endpoint']!;
  const settings: ConnectorSettings = {
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
    keyConverter: keyConverter!,
    valueConverter: valueConverter!,
    offsetFlushIntervalMs: values['offset.flush.interval.ms'],
    offsetFlushTimeoutMs: values['offset.flush.timeout.ms'],
    maxPollRecords: consumer.maxPollRecords,
    consumer: properties,
    effective: describeEffective({ chosen, worker, connector, properties, sources: consumer.sources, mask }),
  };
  return {
    worker: { http, onFailure: 'stop' },
    connectors: [settings],
    warnings: findings.warnings.map(mask),
    notes: findings.notes.map(mask),
    mask,
  };
}

// --- internal ---

function resolveAll(
  side: ReadonlyMap<string, Setting>,
  resolve: (setting: Setting) => Setting | undefined,
  unresolved: Set<string>,
): Map<string, Setting> {
  const resolved = new Map<string, Setting>();
  for (const [key, setting] of side) {
    const value = resolve(setting);
    if (value) resolved.set(key, value);
    else unresolved.add(key);
  }
  return resolved;
}

function absorb(into: Findings, from: Findings): void {
  into.problems.push(...from.problems);
  into.warnings.push(...from.warnings);
  into.notes.push(...from.notes);
}

function invalid(findings: Findings, mask: (text: string) => string): SinkError {
  const lines = inReadingOrder(findings.problems).map(problem => `  ${renderProblem(problem)}`);
  const hints = findings.warnings
    .filter(warning => warning.includes('did you mean'))
    .map(hint => `  (${hint})`);
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  const text = mask([`${count} in the configuration`, ...lines, ...hints].join('\n'));
  return new SinkError('CONFIG_INVALID', text);
}

/** File by file and line by line, as one goes through them with an editor; then what is missing. */
function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const places = problems.map(({ where }) => /^(.*):(\d+)$/.exec(where ?? ''));
  const files = [...new Set(places.map(place => place?.[1] ?? ''))];
  const rank = (i: number): [number, number] => {
    const place = places[i];
    if (place) return [files.indexOf(place[1]!), Number(place[2])];
    return [problems[i]!.where === undefined ? Number.POSITIVE_INFINITY : -1, 0];
  };
  return problems
    .map((problem, i) => ({ problem, rank: rank(i) }))
    .sort((a, b) => (a.rank[0] === b.rank[0] ? a.rank[1] - b.rank[1] : a.rank[0] - b.rank[0]))
    .map(({ problem }) => problem);
}

/** Values of the key table; an empty value is an unset one. */
function readValues(
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  unresolved: ReadonlySet<string>,
  chosen: Map<KeyName, Setting>,
  findings: Findings,
): Values {
  const values: Partial<Record<KeyName, unknown>> = {};
  for (const name of KEY_NAMES) {
    const spec = specOf(name);
    const own = connector.get(name);
    const written = own ?? (spec.side === 'worker' ? worker.get(name) : undefined);
    const given = written && written.value.trim() !== '' ? written : undefined;
    if (!given && spec.required) {
      if (unresolved.has(name)) continue;
      const expected = allowed(spec.schema);
      findings.problems.push(
        written
          ? { where: written.source, key: name, problem: 'is empty', expected }
          : { key: name, problem: `is missing from the ${spec.side}'s settings`, expected },
      );
      continue;
    }
    if (!given && spec.default === undefined) continue;
    const setting = given ?? { key: name, value: spec.default!, source: 'default', secret: false };
    chosen.set(name, setting);
    const result = v.safeParse(spec.schema, setting.value);
    if (result.success) {
      values[name] = result.output;
      continue;
    }
    const didYouMean = name === 'connector.class' ? nearest(setting.value.trim(), [MILVUS_CLASS]) : undefined;
    findings.problems.push({
      where: setting.source,
      key: name,
      problem: name === 'connector.class' ? 'not a connector of this program' : 'bad value',
      expected: allowed(spec.schema),
      found: shown(setting),
      didYouMean,
    });
    if (spec.default !== undefined) values[name] = v.parse(spec.schema, spec.default);
  }
  // Each value was parsed by the schema of its own key; keys with a default always have one.
  return values as Values;
}

/** Each consumer has threads and buffers of its own. */
const MOST_TASKS = 256;
const MILVUS_CLASS = 'com.milvus.io.kafka.MilvusSinkConnector';

/**
 * A connector's own converter wins as a whole: the worker's options do not reach it (Kafka Connect's rule). Connect
 * demands a class; here it defaults to the one that the connector's guide means when it sets `*.schemas.enable` only.
 */
function chosenConverter(
  key: ConverterKey | 'header.converter',
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  findings: Findings,
): { setting: Setting; options: Map<string, Setting> } {
  const own = connector.get(key);
  const side = own && own.value.trim() !== '' ? connector : worker;
  const named = side.get(key);
  const byDefault = { key, value: specOf(key).default!, source: 'default', secret: false };
  const setting = named && named.value.trim() !== '' ? named : byDefault;
  if (side === worker) {
    for (const option of below(connector, `${key}.`).values()) {
      findings.warnings.push(
        `${option.key} (${option.source}) has no effect, as in Kafka Connect: the connector does not name a ${key} of its own`,
      );
    }
  }
  return { setting, options: below(side, `${key}.`) };
}

/** Settings below a prefix, by the rest of their name. */
function below(side: ReadonlyMap<string, Setting>, prefix: string): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const [key, setting] of side) {
    if (key.startsWith(prefix)) found.set(key.slice(prefix.length), setting);
  }
  return found;
}

function readHttp(values: Values, chosen: ReadonlyMap<KeyName, Setting>, findings: Findings): HttpSettings {
  const setting = chosen.get('listeners');
  const enabled = values['http.enabled'];
  const old = chosen.has('rest.host.name') || chosen.has('rest.port');
  if (setting?.source === 'default' && old) {
    return { enabled, host: values['rest.host.name'] ?? '', port: values['rest.port'] ?? 8083 };
  }
  const listener = firstListener(values.listeners ?? []);
  if (setting && !listener) {
    const https = /(^|,)\s*https:/i.test(setting.value);
    findings.problems.push({
      where: setting.source,
      key: 'listeners',
      problem: https ? 'HTTPS is not served in this release' : 'bad value',
      expected: allowed(specOf('listeners').schema),
      found: shown(setting),
    });
  } else if (setting && (values.listeners?.length ?? 0) > 1) {
    findings.warnings.push(
      `listeners (${setting.source}) has several addresses: only the first http:// one is used`,
    );
  }
  return { enabled, host: listener?.host ?? '', port: listener?.port ?? 8083 };
}

/** Not refused: a Milvus without authentication takes any token. */
function checkToken(values: Values, chosen: ReadonlyMap<KeyName, Setting>, findings: Findings): void {
  const token = chosen.get('token');
  if (token && isPlaceholder(values.token ?? '')) {
    findings.warnings.push(
      `token (${token.source}) still holds the guide's asterisks: put in your API key or user:password, or remove the line for a Milvus without authentication`,
    );
  }
}

function checkBatch(values: Values, chosen: ReadonlyMap<KeyName, Setting>, findings: Findings): void {
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

/** Settings without prefix are every client's default (Kafka Connect would use them for itself alone). */
function translate(
  role: ClientRole,
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  readFile: LoadInput['readFile'],
  findings: Findings,
): ClientTranslation {
  const ofWorker = below(worker, `${role}.`);
  const ofConnector = below(connector, `${role}.override.`);
  if (role !== 'consumer') {
    const keys = [...ofWorker.values(), ...ofConnector.values()].map(setting => setting.key);
    if (keys.length > 0) findings.warnings.push(`not used in this release: ${keys.join(', ')}`);
  }
  const common = new Map([...worker].filter(([key]) => role === 'consumer' && COMMON_CLIENT_KEY.test(key)));
  const translation = toLibrdkafka(mergeClient([common, ofWorker, ofConnector]), role, readFile);
  absorb(findings, translation);
  return translation;
}

const COMMON_CLIENT_KEY =
  /^(bootstrap\.servers|client\.dns\.lookup|security\.protocol|enable\.ssl\.certificate\.verification|(sasl|ssl)\..+)$/;

/** Our own choices below what the user wrote; Connect's where it makes one. */
function consumerProperties(name: string, values: Values, consumer: Translation): KafkaProperties {
  return {
    'bootstrap.servers': values['bootstrap.servers'],
    'client.id': `connector-consumer-${name}-0`,
    'group.id': `connect-${name}`,
    'auto.offset.reset': 'earliest',
    // Java's default; librdkafka's own is read_committed.
    'isolation.level': 'read_uncommitted',
    // librdkafka waits 1000 ms once its queue is full, which starves a sink that empties it in between.
    'fetch.queue.backoff.ms': 5,
    'queued.max.messages.kbytes': 16384,
    // That counts values only; the default of 100,000 records would be the one bound of keys and headers.
    'queued.min.messages': 1000,
    // Default 500: partitions that become active after the first fetch has gone out wait for its end.
    'fetch.wait.max.ms': 100,
    // A topic that does not exist yet, or that a regex will match, is found this soon (default: 5 min).
    'topic.metadata.refresh.interval.ms': 3000,
    ...consumer.properties,
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
  };
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}
