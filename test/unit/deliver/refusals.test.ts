import { expect, test } from 'bun:test';
import { Refusals } from '../../../src/deliver/refusals.ts';
import { Failure } from '../../../src/milvus/client/failure.ts';

const FAILURE = new Failure('badRow', 'x', 'not to my liking');
const record = { topic: 't', partition: 0, offset: 7, key: null, value: null, size: 0 };

test('as many in a row as errors.max.consecutive say end the connector; one that is accepted begins anew', () => {
  const refusals = new Refusals({ tolerance: 'all', maxConsecutive: 3 });
  const refuse = () => refusals.refused(record, FAILURE)?.code;
  expect([refuse(), refuse()]).toEqual([undefined, undefined]);
  refusals.accepted();
  expect([refuse(), refuse(), refuse()]).toEqual([undefined, undefined, 'MILVUS_REFUSES_EVERYTHING']);
});

test.each([
  { tolerance: 'all', maxConsecutive: 0 },
  { tolerance: 'none', maxConsecutive: 1 },
] as const)('%j: no limit, or the first ends it anyway', errors => {
  const refusals = new Refusals(errors);
  for (let i = 0; i < 5000; i++) expect(refusals.refused(record, FAILURE)).toBeUndefined();
});
