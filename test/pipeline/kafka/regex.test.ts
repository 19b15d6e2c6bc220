// topics.regex against a broker; what a change of the topics does to a group is in test/e2e/rebalance.test.ts.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { eventually, pipelineStage, startSink } from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const stage = pipelineStage('regex');
const message = (id: number) => ({ id, title: 'x', title_vector: [1, 2, 3, 4, 5, 6, 7, 8], link: 'l' });

test('a pattern without a topic is a named wait, and reads the topics that match, once they are made', async () => {
  const { kafka } = stage;
  const { name, milvus } = await stage.fresh();
  await kafka.produce(`x_${name}.1`, [{ value: message(100) }]);
  const sink = startSink(kafka, milvus, name, name, {
    topicsRegex: `(?:none|${name})[\\-.]\\d+`,
    consumer: { 'topic.metadata.refresh.interval.ms': 500 },
  });
  await sink.said(`waiting for topics: no topic matches (?:none|${name})[\\-.]\\d+`);
  expect(sink.health.ready).toBe(false);
  await kafka.produce(`${name}.x`, [{ value: message(101) }]);
  await kafka.produce(`${name}.1`, [{ value: message(1) }, { value: message(2) }]);
  await milvus.until(m => m.rows(name).size === 2, 30_000);
  await eventually(() => sink.health.ready, 'ready');
  expect([...milvus.rows(name).keys()].toSorted()).toEqual([1, 2]);
  sink.stop();
  expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
});

test('a sink that finds no topic stops when it is asked to', async () => {
  const { name, milvus } = await stage.fresh();
  const sink = startSink(stage.kafka, milvus, name, name, { topicsRegex: 'no-such-topic.*' });
  await sink.said('no topic matches no-such-topic.*');
  sink.stop();
  expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
});
