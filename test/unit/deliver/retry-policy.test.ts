import { describe, expect, test } from 'bun:test';
import { type Situation, type VerdictPolicy, verdictOn } from '../../../src/deliver/retry-policy.ts';
import { Failure, type FailureKind } from '../../../src/milvus/client/failure.ts';

const POLICY: VerdictPolicy = {
  retryTimeoutMs: 0,
  retryDelayMaxMs: 10_000,
  refusedTimeoutMs: 120_000,
  random: () => 1,
};
const verdict = (
  kind: FailureKind,
  label = 'x',
  situation: Partial<Situation> = {},
  policy: Partial<VerdictPolicy> = {},
) =>
  verdictOn(
    new Failure(kind, label, 'a reason'),
    { attempt: 1, rows: 10, failingForMs: 0, refusedForMs: 0, accepted: false, ...situation },
    { ...POLICY, ...policy },
  );

describe('what a failure leads to', () => {
  test.each(['retry', 'overloaded', 'full', 'unknown', 'schemaChanged'] as const)(
    '%s: another try, until errors.retry.timeout is over',
    kind => {
      expect(verdict(kind)).toMatchObject({ action: 'retry' });
      expect(verdict(kind, 'x', { failingForMs: 1e9 })).toMatchObject({ action: 'retry' });
      expect(verdict(kind, 'x', { failingForMs: 999 }, { retryTimeoutMs: 1000 }).action).toBe('retry');
      expect(verdict(kind, 'x', { failingForMs: 1000 }, { retryTimeoutMs: 1000 }).action).toBe('end');
    },
  );

  test('a request that is refused for its content is searched for the row; a row alone is the bad record', () => {
    expect(verdict('badRow', 'x', { rows: 2 })).toEqual({ action: 'isolate' });
    expect(verdict('badRow', 'x', { rows: 1 })).toEqual({ action: 'reject' });
  });

  test('a request that is too large becomes smaller; a row alone is the bad record', () => {
    expect(verdict('tooLarge', 'x', { rows: 2 })).toEqual({ action: 'shrink' });
    expect(verdict('tooLarge', 'x', { rows: 1 })).toEqual({ action: 'reject' });
  });

  test('only a limiting server halves what is in flight; another schema is read before the next try', () => {
    expect(verdict('overloaded')).toMatchObject({ signal: 'overloaded', describe: false });
    expect(verdict('retry')).toMatchObject({ signal: 'unavailable', describe: false });
    expect(verdict('schemaChanged')).toMatchObject({ signal: 'unavailable', describe: true, quiet: true });
    expect(verdict('schemaChanged', 'x', { attempt: 2 })).toMatchObject({ describe: true, quiet: false });
  });
});

test('errors.retry.timeout: 0 and -1 are for ever', () => {
  for (const retryTimeoutMs of [0, -1])
    expect(verdict('retry', 'x', { failingForMs: 1e12 }, { retryTimeoutMs }).action).toBe('retry');
});

describe('a refusal', () => {
  const refused = (label: string, situation: Partial<Situation> = {}, policy: Partial<VerdictPolicy> = {}) =>
    verdict('refused', label, situation, policy).action;

  test.each(['not_authenticated', 'collection_not_found', 'database_not_found', 'upsert_auto_id'])(
    'of what connecting has shown to be right (%s) is waited for, and ends the sink when it lasts',
    label => {
      expect(refused(label)).toBe('retry');
      expect(refused(label, { refusedForMs: 119_999 })).toBe('retry');
      expect(refused(label, { refusedForMs: 120_000 })).toBe('end');
      expect(refused(label, { refusedForMs: 1e9 }, { refusedTimeoutMs: -1 })).toBe('retry');
      expect(refused(label, {}, { refusedTimeoutMs: 0 })).toBe('end');
    },
  );

  test.each(['not_permitted', 'standby', 'unimplemented', 'another'])(
    'of writing itself (%s) ends the sink at once, unless a write was accepted before',
    label => {
      expect(refused(label)).toBe('end');
      expect(refused(label, { accepted: true })).toBe('retry');
      expect(refused(label, { accepted: true, refusedForMs: 120_000 })).toBe('end');
    },
  );

  test('that is about the collection is followed by a look at it', () => {
    expect(verdict('refused', 'collection_not_found')).toMatchObject({ describe: true });
    expect(verdict('refused', 'upsert_auto_id')).toMatchObject({ describe: true });
    expect(verdict('refused', 'not_authenticated')).toMatchObject({ describe: false });
  });

  test('is bounded by errors.retry.timeout as every failure is', () => {
    expect(refused('not_authenticated', { failingForMs: 1000 }, { retryTimeoutMs: 1000 })).toBe('end');
  });
});

describe('the pause', () => {
  const pauses = (kind: FailureKind, policy: Partial<VerdictPolicy> = {}) =>
    [1, 2, 3, 20].map(attempt => {
      const v = verdict(kind, 'not_authenticated', { attempt }, policy);
      return v.action === 'retry' ? v.pauseMs : undefined;
    });

  test('doubles from 100 ms; from a second for a refusal, from five for a full server', () => {
    expect(pauses('retry')).toEqual([100, 200, 400, 10_000]);
    expect(pauses('refused')).toEqual([1000, 2000, 4000, 10_000]);
    expect(pauses('full')).toEqual([5000, 10_000, 10_000, 10_000]);
  });

  test('has jitter down to the half, and errors.retry.delay.max.ms for a ceiling', () => {
    expect(pauses('retry', { random: () => 0 })).toEqual([50, 100, 200, 5000]);
    expect(pauses('retry', { retryDelayMaxMs: 150 })).toEqual([100, 150, 150, 150]);
    expect(pauses('full', { retryDelayMaxMs: 150 })).toEqual([5000, 5000, 5000, 5000]);
  });
});
