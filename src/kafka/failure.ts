// What a Kafka error means for the sink: wait for Kafka, or end because an operator must change something.
import { type ErrorCode, SinkError } from '../errors.ts';

/** An error as the official client reports it. */
export interface KafkaErrorLike {
  code: number;
  message: string;
}

export type KafkaVerdict =
  /** Passes by itself: say it, stay alive, be not ready. */
  | { kind: 'wait'; reason: string; topicMissing?: true }
  /**
   * Comes again as long as its cause lasts, while the brokers answer: say it, stay alive, be not ready until it has
   * stayed away for a while.
   */
  | { kind: 'recurring'; reason: string }
  /** Only a person can mend it. */
  | { kind: 'refused'; error: SinkError }
  /** Over with being said. */
  | { kind: 'said' }
  /** Of no consequence. */
  | { kind: 'ignore' };

export interface FailureContext {
  /** The bootstrap servers. */
  where: string;
  topics: string;
  groupId: string;
  /** A broker has answered since the start. */
  everConnected: boolean;
}

/**
 * Classifies an error by librdkafka's code (rdkafka.h rd_kafka_resp_err_t). A code that is in no row is recurring: said,
 * and not ready, so that what nobody thought of is not silent.
 * @param error from an event, a callback or a poll
 */
export function classifyKafkaError(error: KafkaErrorLike, context: FailureContext): KafkaVerdict {
  const rule = RULES.get(error.code);
  if (rule) return rule(error, context);
  return { kind: 'recurring', reason: `${error.message} (code ${error.code})` };
}

/**
 * A fatal error of librdkafka: its client does nothing any more.
 * @param error with the code of the cause (rd_kafka_fatal_error), not ERR__FATAL, where that is known
 */
export function fatalKafkaError(error: KafkaErrorLike, context: FailureContext): SinkError {
  const verdict = classifyKafkaError(error, { ...context, everConnected: false });
  return verdict.kind === 'refused' ? verdict.error : fatal(error, context);
}

/** A commit that failed because the group is moving: the offsets are committed by the next one, or by the new owner. */
export function isGroupMoving(code: number): boolean {
  return GROUP_MOVES.has(code);
}

// --- internal ---

type Rule = (error: KafkaErrorLike, context: FailureContext) => KafkaVerdict;

function refuse(
  code: ErrorCode,
  summary: string | ((context: FailureContext) => string),
  fix: string,
): (error: KafkaErrorLike, context: FailureContext) => KafkaVerdict {
  return (error, context) => ({
    kind: 'refused',
    error: new SinkError(code, typeof summary === 'string' ? summary : summary(context), {
      where: context.where,
      found: error.message,
      fix,
    }),
  });
}

/** Once it has worked, the broker's side is the likelier culprit: wait, as for any outage. */
function refuseAtFirst(what: string, refused: Rule): Rule {
  return (error, context) =>
    context.everConnected ? { kind: 'wait', reason: `${what}: ${error.message}` } : refused(error, context);
}

const wait: Rule = error => ({ kind: 'wait', reason: error.message });
const said: Rule = () => ({ kind: 'said' });
const ignore: Rule = () => ({ kind: 'ignore' });
const topicMissing: Rule = (_, { topics }) => ({
  kind: 'wait',
  reason: `not there yet: ${topics}`,
  topicMissing: true,
});
const recurring =
  (words: string): Rule =>
  error => ({ kind: 'recurring', reason: `${words}: ${error.message} (code ${error.code})` });

const auth = refuseAtFirst(
  'authentication fails',
  refuse(
    'KAFKA_AUTH',
    'Kafka refused the credentials',
    'Check security.protocol, sasl.mechanism and sasl.jaas.config',
  ),
);
const tls = refuseAtFirst(
  'TLS fails',
  refuse(
    'KAFKA_TLS',
    'the TLS handshake with Kafka failed',
    'Check security.protocol, that the port speaks TLS, and ssl.truststore.* (PEM) for a private CA',
  ),
);
const fatalRule = refuse(
  'KAFKA_FATAL',
  'the Kafka client cannot go on',
  'Read the reason; start again when it is mended',
);

function fatal(error: KafkaErrorLike, context: FailureContext): SinkError {
  return (fatalRule(error, context) as { error: SinkError }).error;
}

/** ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, FENCED_MEMBER_EPOCH, STALE_MEMBER_EPOCH. */
const GROUP_MOVES = new Set([22, 25, 27, 110, 113]);

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [-169 /* ERR__AUTHENTICATION */, auth],
  [58 /* SASL_AUTHENTICATION_FAILED */, auth],
  [33 /* UNSUPPORTED_SASL_MECHANISM */, auth],
  [34 /* ILLEGAL_SASL_STATE */, auth],
  [-181 /* ERR__SSL */, tls],
  [
    29 /* TOPIC_AUTHORIZATION_FAILED */,
    refuse(
      'KAFKA_TOPIC_FORBIDDEN',
      ({ topics }) => `Kafka forbids reading ${topics}`,
      'Grant READ and DESCRIBE on the topics',
    ),
  ],
  [
    30 /* GROUP_AUTHORIZATION_FAILED */,
    refuse(
      'KAFKA_GROUP_FORBIDDEN',
      ({ groupId }) => `Kafka forbids the consumer group ${groupId}`,
      'Grant READ on the group, or name an allowed one with consumer.override.group.id',
    ),
  ],
  [
    31 /* CLUSTER_AUTHORIZATION_FAILED */,
    refuse('KAFKA_FORBIDDEN', 'Kafka forbids access to the cluster', 'Check the ACLs of this user'),
  ],
  [
    17 /* TOPIC_EXCEPTION */,
    refuse('KAFKA_TOPIC_INVALID', ({ topics }) => `no topic can be named ${topics}`, 'Correct topics'),
  ],
  [
    23 /* INCONSISTENT_GROUP_PROTOCOL */,
    refuse(
      'KAFKA_GROUP_PROTOCOL',
      ({ groupId }) => `the group ${groupId} has members with another partition assignor`,
      'A Kafka Connect task may still be running in it: stop it, or set consumer.override.partition.assignment.strategy=range on both sides',
    ),
  ],
  [
    24 /* INVALID_GROUP_ID */,
    refuse(
      'KAFKA_GROUP_INVALID',
      ({ groupId }) => `Kafka takes no group named ${groupId}`,
      'Name another one with consumer.override.group.id',
    ),
  ],
  [
    26 /* INVALID_SESSION_TIMEOUT */,
    refuse(
      'KAFKA_SESSION_TIMEOUT',
      'the broker does not allow this session.timeout.ms',
      'Change session.timeout.ms',
    ),
  ],
  [
    35 /* UNSUPPORTED_VERSION */,
    refuse(
      'KAFKA_VERSION',
      'the broker does not know a request that this configuration needs',
      'Update the broker, or remove group.protocol=consumer',
    ),
  ],
  [
    82 /* FENCED_INSTANCE_ID */,
    refuse(
      'KAFKA_FENCED',
      'fenced by another member with the same group.instance.id',
      'Give each copy its own group.instance.id',
    ),
  ],
  [
    111 /* UNRELEASED_INSTANCE_ID */,
    refuse(
      'KAFKA_INSTANCE_IN_USE',
      'another member of the group has the same group.instance.id',
      'Stop it, or give each copy its own group.instance.id',
    ),
  ],
  [
    112 /* UNSUPPORTED_ASSIGNOR */,
    refuse(
      'KAFKA_GROUP_PROTOCOL',
      'the broker does not know the assignor of group.remote.assignor',
      'Name one that the brokers have (group.consumer.assignors)',
    ),
  ],
  [
    -140 /* ERR__AUTO_OFFSET_RESET */,
    refuse(
      'KAFKA_NO_OFFSET',
      ({ groupId }) => `the group ${groupId} has no valid offset and auto.offset.reset forbids choosing one`,
      "Set consumer.override.auto.offset.reset to earliest or latest, or reset the group's offsets",
    ),
  ],
  [-150 /* ERR__FATAL */, fatalRule],
  [3 /* UNKNOWN_TOPIC_OR_PART */, topicMissing],
  [100 /* UNKNOWN_TOPIC_ID */, topicMissing],
  [-188 /* ERR__UNKNOWN_TOPIC */, topicMissing],
  [-190 /* ERR__UNKNOWN_PARTITION */, topicMissing],
  [
    -193 /* ERR__RESOLVE */,
    error => ({ kind: 'wait', reason: `a broker's name does not resolve: ${error.message}` }),
  ],
  [-195 /* ERR__TRANSPORT */, wait],
  [-187 /* ERR__ALL_BROKERS_DOWN */, wait],
  [-185 /* ERR__TIMED_OUT */, wait],
  [-196 /* ERR__FAIL */, wait],
  [-180 /* ERR__WAIT_COORD */, wait],
  [5 /* LEADER_NOT_AVAILABLE */, wait],
  [7 /* REQUEST_TIMED_OUT */, wait],
  [8 /* BROKER_NOT_AVAILABLE */, wait],
  [9 /* REPLICA_NOT_AVAILABLE */, wait],
  [13 /* NETWORK_EXCEPTION */, wait],
  [14 /* COORDINATOR_LOAD_IN_PROGRESS */, wait],
  [15 /* COORDINATOR_NOT_AVAILABLE */, wait],
  [16 /* NOT_COORDINATOR */, wait],
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
    (error, { groupId }) => ({
      kind: 'recurring',
      reason: `the group ${groupId} is full (group.max.size of the brokers): ${error.message}`,
    }),
  ],
  // The member was away for longer than max.poll.interval.ms and joins again by itself.
  [-147 /* ERR__MAX_POLL_EXCEEDED */, said],
  [-139 /* ERR__LOG_TRUNCATION */, said],
  // What librdkafka mends in the normal course of a group's and a partition's life.
  ...[...GROUP_MOVES].map((code): [number, Rule] => [code, ignore]),
  [1 /* OFFSET_OUT_OF_RANGE: auto.offset.reset decides, and its log line tells */, ignore],
  [6 /* NOT_LEADER_FOR_PARTITION */, ignore],
  [70 /* FETCH_SESSION_ID_NOT_FOUND */, ignore],
  [71 /* INVALID_FETCH_SESSION_EPOCH */, ignore],
  [74 /* FENCED_LEADER_EPOCH */, ignore],
  [75 /* UNKNOWN_LEADER_EPOCH */, ignore],
  [79 /* MEMBER_ID_REQUIRED */, ignore],
  [-191 /* ERR__PARTITION_EOF */, ignore],
  [-197 /* ERR__DESTROY */, ignore],
  [-178 /* ERR__IN_PROGRESS */, ignore],
  [-168 /* ERR__NO_OFFSET */, ignore],
  [-142 /* ERR__ASSIGNMENT_LOST */, ignore],
  [-141 /* ERR__NOOP */, ignore],
]);
