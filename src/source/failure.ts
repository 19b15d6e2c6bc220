// What a Kafka error means for the sink: wait for Kafka, or end because an operator must change something.
import { EXIT, SinkError } from '../errors.ts';

/** An error as the official client reports it. */
export interface KafkaErrorLike {
  code: number;
  message: string;
}

export type KafkaVerdict =
  /** Passes by itself: say it, stay alive, be not ready. */
  | { kind: 'wait'; reason: string; topicMissing?: true }
  /** Only a person can mend it. */
  | { kind: 'refused'; error: SinkError }
  /** Of no consequence. */
  | { kind: 'ignore' };

/**
 * Classifies an error by librdkafka's code (rdkafka.h rd_kafka_resp_err_t).
 * @param error from an event, a callback or a poll
 * @param context `where` is the bootstrap servers; `topics` and `groupId` name what may be refused
 */
export function classifyKafkaError(
  error: KafkaErrorLike,
  context: { where: string; topics: string; groupId: string; everConnected: boolean },
): KafkaVerdict {
  const { where, topics, groupId } = context;
  const refuse = (code: string, summary: string, fix: string): KafkaVerdict => ({
    kind: 'refused',
    error: new SinkError(code, EXIT.kafkaRefused, summary, { where, found: error.message, fix }),
  });
  switch (error.code) {
    case -169: // ERR__AUTHENTICATION
    case 58: // SASL_AUTHENTICATION_FAILED
    case 33: // UNSUPPORTED_SASL_MECHANISM
    case 34: // ILLEGAL_SASL_STATE
      // Once it has worked, the broker's credential store is the likelier culprit: wait, as for any outage.
      if (context.everConnected) return { kind: 'wait', reason: `authentication fails: ${error.message}` };
      return refuse(
        'KAFKA_AUTH',
        'Kafka refused the credentials',
        'Check security.protocol, sasl.mechanism and sasl.jaas.config',
      );
    case -181: // ERR__SSL
      if (context.everConnected) return { kind: 'wait', reason: `TLS fails: ${error.message}` };
      return refuse(
        'KAFKA_TLS',
        'the TLS handshake with Kafka failed',
        'Check security.protocol, that the port speaks TLS, and ssl.truststore.* (PEM) for a private CA',
      );
    case 29: // TOPIC_AUTHORIZATION_FAILED
      return refuse(
        'KAFKA_TOPIC_FORBIDDEN',
        `Kafka forbids reading ${topics}`,
        'Grant READ and DESCRIBE on the topics',
      );
    case 30: // GROUP_AUTHORIZATION_FAILED
      return refuse(
        'KAFKA_GROUP_FORBIDDEN',
        `Kafka forbids the consumer group ${groupId}`,
        'Grant READ on the group, or name an allowed one with consumer.override.group.id',
      );
    case 31: // CLUSTER_AUTHORIZATION_FAILED
      return refuse('KAFKA_FORBIDDEN', 'Kafka forbids access to the cluster', 'Check the ACLs of this user');
    case 23: // INCONSISTENT_GROUP_PROTOCOL
      return refuse(
        'KAFKA_GROUP_PROTOCOL',
        `the group ${groupId} has members with another partition assignor`,
        'A Kafka Connect task may still be running in it: stop it, or set consumer.override.partition.assignment.strategy=range on both sides',
      );
    case 26: // INVALID_SESSION_TIMEOUT
      return refuse(
        'KAFKA_SESSION_TIMEOUT',
        'the broker does not allow this session.timeout.ms',
        'Change session.timeout.ms',
      );
    case 35: // UNSUPPORTED_VERSION
      return refuse(
        'KAFKA_VERSION',
        'the broker does not know a request that this configuration needs',
        'Update the broker, or remove group.protocol=consumer',
      );
    case 82: // FENCED_INSTANCE_ID
      return refuse(
        'KAFKA_FENCED',
        'another consumer uses the same group.instance.id',
        'Give each copy its own group.instance.id',
      );
    case -140: // ERR__AUTO_OFFSET_RESET
      return refuse(
        'KAFKA_NO_OFFSET',
        `the group ${groupId} has no valid offset and auto.offset.reset forbids choosing one`,
        "Set consumer.override.auto.offset.reset to earliest or latest, or reset the group's offsets",
      );
    case -150: // ERR__FATAL
      return refuse(
        'KAFKA_FATAL',
        'the Kafka client cannot go on',
        'Read the reason; start again when it is mended',
      );
    case 3: // UNKNOWN_TOPIC_OR_PART
    case -188: // ERR__UNKNOWN_TOPIC
    case -190: // ERR__UNKNOWN_PARTITION
      return { kind: 'wait', reason: `not there yet: ${topics}`, topicMissing: true };
    case -193: // ERR__RESOLVE
      return { kind: 'wait', reason: `a broker's name does not resolve: ${error.message}` };
    case -195: // ERR__TRANSPORT
    case -187: // ERR__ALL_BROKERS_DOWN
    case -185: // ERR__TIMED_OUT
    case -196: // ERR__FAIL
    case 5: // LEADER_NOT_AVAILABLE
    case 14: // COORDINATOR_LOAD_IN_PROGRESS
    case 15: // COORDINATOR_NOT_AVAILABLE
    case 16: // NOT_COORDINATOR
      return { kind: 'wait', reason: error.message };
    default:
      return { kind: 'ignore' };
  }
}

/** A commit that failed because the group is moving: the offsets are committed by the next one, or by the new owner. */
export function isGroupMoving(code: number): boolean {
  return (
    code === 27 /* REBALANCE_IN_PROGRESS */ ||
    code === 22 /* ILLEGAL_GENERATION */ ||
    code === 25 /* UNKNOWN_MEMBER_ID */ ||
    code === 113 /* STALE_MEMBER_EPOCH */ ||
    code === 110 /* FENCED_MEMBER_EPOCH */
  );
}
