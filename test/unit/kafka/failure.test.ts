import { describe, expect, test } from 'bun:test';
import { classifyKafkaError, fatalKafkaError, isGroupMoving } from '../../../src/kafka/failure.ts';

const context = { where: 'localhost:9092', topics: 'topic_0', groupId: 'connect-x', everConnected: false };
const classify = (code: number, everConnected = false) =>
  classifyKafkaError({ code, message: 'the client says so' }, { ...context, everConnected });

describe('classifyKafkaError', () => {
  test.each([
    [-169, 'KAFKA_AUTH'],
    [58, 'KAFKA_AUTH'],
    [-181, 'KAFKA_TLS'],
    [29, 'KAFKA_TOPIC_FORBIDDEN'],
    [30, 'KAFKA_GROUP_FORBIDDEN'],
    [23, 'KAFKA_GROUP_PROTOCOL'],
    [82, 'KAFKA_FENCED'],
    [-140, 'KAFKA_NO_OFFSET'],
    [-150, 'KAFKA_FATAL'],
  ])('code %d ends the sink as %s with an error of Kafka', (code, expected) => {
    const verdict = classify(code);
    if (verdict.kind !== 'refused') throw new Error(`classified as ${verdict.kind}`);
    expect(verdict.error.code as string).toBe(expected);
    expect(verdict.error.kind).toBe('kafka');
    expect(verdict.error.message).toContain('the client says so');
    expect(verdict.error.details.fix).toBeTruthy();
  });

  test.each([-195, -187, -193, -185, 15, 16])('code %d is waited for', code => {
    expect(classify(code).kind).toBe('wait');
  });

  test.each([-199, -198, 2, 10, 81])('code %d recurs as long as it lasts: a wait with a reason', code => {
    const verdict = classify(code, true);
    if (verdict.kind !== 'recurring') throw new Error(`classified as ${verdict.kind}`);
    expect(verdict.reason).toContain('the client says so');
  });

  test.each([-1, 12345, -12345])('a code that nobody thought of, %d, is not silent', code => {
    expect(classify(code, true)).toEqual({
      kind: 'recurring',
      reason: `the client says so (code ${code})`,
    });
  });

  test.each([1, 6, 22, 25, 27, -191])('code %d is the normal course of things', code => {
    expect(classify(code, true).kind).toBe('ignored');
  });

  test('a member that did not poll in time is a line of the log: it joins again by itself', () => {
    expect(classify(-147, true).kind).toBe('logged');
  });

  test('a missing topic is waited for, by name', () => {
    expect(classify(3)).toEqual({ kind: 'topicMissing', reason: 'not there yet: topic_0' });
  });

  test('what librdkafka says is taken as it is, braces included', () => {
    const error = { code: 12345, message: '{topics} $& {code}' };
    expect(classifyKafkaError(error, context)).toEqual({
      kind: 'recurring',
      reason: '{topics} $& {code} (code 12345)',
    });
  });

  test('credentials that worked before are an outage, not a mistake', () => {
    expect(classify(-169, true).kind).toBe('wait');
    expect(classify(-181, true).kind).toBe('wait');
  });

  test('the advice for a mixed group names the assignor', () => {
    const verdict = classify(23);
    expect(verdict.kind === 'refused' && verdict.error.message).toContain(
      'partition.assignment.strategy=range',
    );
  });
});

describe('fatalKafkaError', () => {
  test('a fenced member', () => {
    const error = fatalKafkaError({ code: 82, message: 'why' }, context);
    expect(error.kind).toBe('kafka');
    expect(error.message).toContain('fenced by another member with the same group.instance.id');
  });
  test('any other cause ends the sink as well, even one that would otherwise be waited for', () => {
    for (const code of [-195, 27, -169, 12345]) {
      const error = fatalKafkaError({ code, message: 'why' }, { ...context, everConnected: true });
      expect(error.kind).toBe('kafka');
      expect(error.message).toContain('why');
    }
  });
});

test('commits that fail because the group moves are no trouble', () => {
  expect([22, 25, 27, 110, 113].every(isGroupMoving)).toBe(true);
  expect(isGroupMoving(-195)).toBe(false);
});
