// What an error of Kafka's client means for the sink: one table by librdkafka's code, with what to do about each.
// Codes are those of rdkafka.h (rd_kafka_resp_err_t): negative ones are librdkafka's own, positive ones the broker's.
import { type ErrorCode, SinkError } from '../errors.ts';
import type { ConsumerSettings } from './properties.ts';
import type { RdError } from './rdkafka.ts';

/**
 * - `ignored`: the normal course of a group's and a partition's life
 * - `logged`: over by the time it is reported, and worth a line
 * - `wait`: passes by itself; stay alive, and not ready as long as no broker answers
 * - `recurring`: comes again as long as its cause lasts, while the brokers answer; stay alive, and not ready until it has
 *   stayed away for a while
 * - `topicMissing`: a topic is not there (any more); the others are read
 * - `refused`: the operator's to mend; the sink ends
 */
export type KafkaVerdict =
  | { kind: 'ignored' | 'logged' }
  | { kind: 'wait' | 'recurring' | 'topicMissing'; reason: string }
  | { kind: 'refused'; error: SinkError };

export interface FailureContext {
  /** The bootstrap servers. */
  where: string;
  /** Names, or the pattern. */
  topics: string;
  groupId: string;
  /** A broker has answered since the start. */
  everConnected: boolean;
}

/** What is known of the consumer whose errors these are. */
export function failureContext(settings: ConsumerSettings, everConnected: boolean): FailureContext {
  return {
    where: String(settings.consumer['bootstrap.servers']),
    topics: settings.topics?.join(', ') ?? settings.topicsRegex ?? '',
    groupId: settings.groupId,
    everConnected,
  };
}

/**
 * Looks an error up in the table. A code that is in no row is recurring: a line in the log, and not ready, so that what
 * nobody thought of is not silent.
 * @param error from an event, a callback or a poll
 */
export function classifyKafkaError(error: RdError, context: FailureContext): KafkaVerdict {
  const rule = RULES.get(error.code) ?? UNKNOWN;
  switch (rule.kind) {
    case 'refused':
      // What has worked before is more likely an outage at the broker's side.
      if (context.everConnected && rule.later !== undefined)
        return { kind: 'wait', reason: fill(rule.later, error, context) };
      return { kind: 'refused', error: refusal(rule, error, context) };
    case 'wait':
    case 'recurring':
    case 'topicMissing':
      return { kind: rule.kind, reason: fill(rule.reason, error, context) };
    default:
      return { kind: rule.kind };
  }
}

/**
 * A fatal error of librdkafka: its client does nothing any more.
 * @param error with the code of the cause (rd_kafka_fatal_error), not ERR__FATAL, where that is known
 */
export function fatalKafkaError(error: RdError, context: FailureContext): SinkError {
  const rule = RULES.get(error.code);
  return refusal(rule?.kind === 'refused' ? rule : FATAL, error, context);
}

/** A commit that failed because the group is moving: the offsets are committed by the next one, or by the new owner. */
export function isGroupMoving(code: number): boolean {
  return RULES.get(code) === GROUP_MOVES;
}

// --- internal ---

/** In texts, `{message}` and `{code}` are the error's, `{topics}` and `{group}` the configuration's. */
type Rule =
  | { kind: 'ignored' | 'logged' }
  | { kind: 'wait' | 'recurring' | 'topicMissing'; reason: string }
  | Refusal;

interface Refusal {
  kind: 'refused';
  errorCode: ErrorCode;
  summary: string;
  fix: string;
  /** Of what is refused at first only: the reason to wait once a broker has answered. */
  later?: string;
}

function refusal({ errorCode, summary, fix }: Refusal, error: RdError, context: FailureContext) {
  return new SinkError(errorCode, fill(summary, error, context), {
    where: context.where,
    found: error.message,
    fix,
  });
}

function fill(text: string, { message, code }: RdError, { topics, groupId }: FailureContext): string {
  const values: Record<string, string | number> = { message, code, topics, group: groupId };
  return text.replace(/\{(message|code|topics|group)\}/g, (_, name: string) => String(values[name]));
}

const refused = (errorCode: ErrorCode, summary: string, fix: string): Refusal => ({
  kind: 'refused',
  errorCode,
  summary,
  fix,
});
const recurring = (what: string): Rule => ({
  kind: 'recurring',
  reason: `${what}: {message} (code {code})`,
});

const IGNORED: Rule = { kind: 'ignored' };
const LOGGED: Rule = { kind: 'logged' };
const WAIT: Rule = { kind: 'wait', reason: '{message}' };
const TOPIC_MISSING: Rule = { kind: 'topicMissing', reason: 'not there yet: {topics}' };
const UNKNOWN: Rule = { kind: 'recurring', reason: '{message} (code {code})' };
/** Also what makes `isGroupMoving` true: an object of its own. */
const GROUP_MOVES: Rule = { kind: 'ignored' };
const AUTHENTICATION: Refusal = {
  kind: 'refused',
  errorCode: 'KAFKA_AUTH',
  summary: 'Kafka refused the credentials',
  fix: 'Check security.protocol, sasl.mechanism and sasl.jaas.config',
  later: 'authentication fails: {message}',
};
const TLS: Refusal = {
  kind: 'refused',
  errorCode: 'KAFKA_TLS',
  summary: 'the TLS handshake with Kafka failed',
  fix: 'Check security.protocol, that the port speaks TLS, and ssl.truststore.* (PEM) for a private CA',
  later: 'TLS fails: {message}',
};
const FATAL = refused(
  'KAFKA_FATAL',
  'the Kafka client cannot go on',
  'Read the reason; start again when it is mended',
);

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [-169 /* ERR__AUTHENTICATION */, AUTHENTICATION],
  [58 /* SASL_AUTHENTICATION_FAILED */, AUTHENTICATION],
  [33 /* UNSUPPORTED_SASL_MECHANISM */, AUTHENTICATION],
  [34 /* ILLEGAL_SASL_STATE */, AUTHENTICATION],
  [-181 /* ERR__SSL */, TLS],
  [
    29 /* TOPIC_AUTHORIZATION_FAILED */,
    refused(
      'KAFKA_TOPIC_FORBIDDEN',
      'Kafka forbids reading {topics}',
      'Grant READ and DESCRIBE on the topics',
    ),
  ],
  [
    30 /* GROUP_AUTHORIZATION_FAILED */,
    refused(
      'KAFKA_GROUP_FORBIDDEN',
      'Kafka forbids the consumer group {group}',
      'Grant READ on the group, or name an allowed one with consumer.override.group.id',
    ),
  ],
  [
    31 /* CLUSTER_AUTHORIZATION_FAILED */,
    refused('KAFKA_FORBIDDEN', 'Kafka forbids access to the cluster', 'Check the ACLs of this user'),
  ],
  [
    17 /* TOPIC_EXCEPTION */,
    refused('KAFKA_TOPIC_INVALID', 'no topic can be named {topics}', 'Correct topics'),
  ],
  [
    23 /* INCONSISTENT_GROUP_PROTOCOL */,
    refused(
      'KAFKA_GROUP_PROTOCOL',
      'the group {group} has members with another partition assignor',
      'A Kafka Connect task may still be running in it: stop it, or set consumer.override.partition.assignment.strategy=range on both sides',
    ),
  ],
  [
    24 /* INVALID_GROUP_ID */,
    refused(
      'KAFKA_GROUP_INVALID',
      'Kafka takes no group named {group}',
      'Name another one with consumer.override.group.id',
    ),
  ],
  [
    26 /* INVALID_SESSION_TIMEOUT */,
    refused(
      'KAFKA_SESSION_TIMEOUT',
      'the broker does not allow this session.timeout.ms',
      'Change session.timeout.ms',
    ),
  ],
  [
    35 /* UNSUPPORTED_VERSION */,
    refused(
      'KAFKA_VERSION',
      'the broker does not know a request that this configuration needs',
      'Update the broker, or remove group.protocol=consumer',
    ),
  ],
  [
    82 /* FENCED_INSTANCE_ID */,
    refused(
      'KAFKA_FENCED',
      'fenced by another member with the same group.instance.id',
      'Give each copy its own group.instance.id',
    ),
  ],
  [
    111 /* UNRELEASED_INSTANCE_ID */,
    refused(
      'KAFKA_INSTANCE_IN_USE',
      'another member of the group has the same group.instance.id',
      'Stop it, or give each copy its own group.instance.id',
    ),
  ],
  [
    112 /* UNSUPPORTED_ASSIGNOR */,
    refused(
      'KAFKA_GROUP_PROTOCOL',
      'the broker does not know the assignor of group.remote.assignor',
      'Name one that the brokers have (group.consumer.assignors)',
    ),
  ],
  [
    -140 /* ERR__AUTO_OFFSET_RESET */,
    refused(
      'KAFKA_NO_OFFSET',
      'the group {group} has no valid offset and auto.offset.reset forbids choosing one',
      "Set consumer.override.auto.offset.reset to earliest or latest, or reset the group's offsets",
    ),
  ],
  [-150 /* ERR__FATAL */, FATAL],

  [3 /* UNKNOWN_TOPIC_OR_PART */, TOPIC_MISSING],
  [100 /* UNKNOWN_TOPIC_ID */, TOPIC_MISSING],
  [-188 /* ERR__UNKNOWN_TOPIC */, TOPIC_MISSING],
  [-190 /* ERR__UNKNOWN_PARTITION */, TOPIC_MISSING],

  [-193 /* ERR__RESOLVE */, { kind: 'wait', reason: "a broker's name does not resolve: {message}" }],
  [-195 /* ERR__TRANSPORT */, WAIT],
  [-187 /* ERR__ALL_BROKERS_DOWN */, WAIT],
  [-185 /* ERR__TIMED_OUT */, WAIT],
  [-196 /* ERR__FAIL */, WAIT],
  [-180 /* ERR__WAIT_COORD */, WAIT],
  [5 /* LEADER_NOT_AVAILABLE */, WAIT],
  [7 /* REQUEST_TIMED_OUT */, WAIT],
  [8 /* BROKER_NOT_AVAILABLE */, WAIT],
  [9 /* REPLICA_NOT_AVAILABLE */, WAIT],
  [13 /* NETWORK_EXCEPTION */, WAIT],
  [14 /* COORDINATOR_LOAD_IN_PROGRESS */, WAIT],
  [15 /* COORDINATOR_NOT_AVAILABLE */, WAIT],
  [16 /* NOT_COORDINATOR */, WAIT],

  [-199 /* ERR__BAD_MSG */, recurring('records that cannot be read')],
  [-198 /* ERR__BAD_COMPRESSION */, recurring('records that cannot be decompressed')],
  [-170 /* ERR__NOT_IMPLEMENTED */, recurring('records in a format that librdkafka does not know')],
  [2 /* INVALID_MSG */, recurring('records that the broker finds corrupt')],
  [
    10 /* MSG_SIZE_TOO_LARGE */,
    recurring('a record larger than fetch.max.bytes or receive.message.max.bytes'),
  ],
  [76 /* UNSUPPORTED_COMPRESSION_TYPE */, recurring('records that the broker does not give to this client')],
  [
    81 /* GROUP_MAX_SIZE_REACHED */,
    {
      kind: 'recurring',
      reason: 'the group {group} is full (group.max.size of the brokers): {message}',
    },
  ],

  // The member was away for longer than max.poll.interval.ms and joins again by itself.
  [-147 /* ERR__MAX_POLL_EXCEEDED */, LOGGED],
  [-139 /* ERR__LOG_TRUNCATION */, LOGGED],

  [22 /* ILLEGAL_GENERATION */, GROUP_MOVES],
  [25 /* UNKNOWN_MEMBER_ID */, GROUP_MOVES],
  [27 /* REBALANCE_IN_PROGRESS */, GROUP_MOVES],
  [110 /* FENCED_MEMBER_EPOCH */, GROUP_MOVES],
  [113 /* STALE_MEMBER_EPOCH */, GROUP_MOVES],

  [1 /* OFFSET_OUT_OF_RANGE: auto.offset.reset decides, and its log line is ours */, IGNORED],
  [6 /* NOT_LEADER_FOR_PARTITION */, IGNORED],
  [70 /* FETCH_SESSION_ID_NOT_FOUND */, IGNORED],
  [71 /* INVALID_FETCH_SESSION_EPOCH */, IGNORED],
  [74 /* FENCED_LEADER_EPOCH */, IGNORED],
  [75 /* UNKNOWN_LEADER_EPOCH */, IGNORED],
  [79 /* MEMBER_ID_REQUIRED */, IGNORED],
  [-191 /* ERR__PARTITION_EOF */, IGNORED],
  [-197 /* ERR__DESTROY */, IGNORED],
  [-178 /* ERR__IN_PROGRESS */, IGNORED],
  [-168 /* ERR__NO_OFFSET */, IGNORED],
  [-142 /* ERR__ASSIGNMENT_LOST */, IGNORED],
  [-141 /* ERR__NOOP */, IGNORED],
]);
