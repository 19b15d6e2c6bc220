// One task's pipeline without a Kafka: the records are handed to it.

import type { ConnectorSettings } from '../../src/config/settings.ts';
import { createKeyConverter, createValueConverter } from '../../src/decode/registry.ts';
import { Budget } from '../../src/deliver/budget.ts';
import type { SinkError } from '../../src/errors.ts';
import { FieldNotes } from '../../src/map/field-notes.ts';
import { connectMilvus } from '../../src/milvus/client/connection.ts';
import { Health } from '../../src/observe/health.ts';
import { createLogger } from '../../src/observe/log.ts';
import { Profile } from '../../src/observe/profile.ts';
import { WaitBoard } from '../../src/observe/waits.ts';
import { createMetrics } from '../../src/serve/metrics.ts';
import { Garbage } from '../../src/task/garbage.ts';
import { Pipeline } from '../../src/task/pipeline.ts';

/** The pipeline with what it shares; `fatal` gathers what would end the connector. The caller closes the connection. */
export async function openPipeline(settings: ConnectorSettings) {
  const fatal: SinkError[] = [];
  const log = createLogger({
    level: 'error',
    format: 'text',
    now: () => new Date(),
    mask: text => text,
    write: () => {},
  });
  const connection = await connectMilvus(settings.milvus, { log });
  const now = () => performance.now();
  const { maxInFlight, bufferMaxBytes } = settings.batch;
  const errors = { tolerance: 'none', maxConsecutive: 0 } as const;
  const budget = new Budget({ maxBytes: bufferMaxBytes, maxRequests: maxInFlight, errors, now });
  const health = new Health();
  const waits = new WaitBoard(log, health, now).waits();
  const pipeline = new Pipeline({
    settings,
    connection,
    schema: await connection.describe(),
    valueConverter: createValueConverter(settings.valueConverter),
    keyConverter: createKeyConverter(settings.keyConverter),
    budget,
    fieldNotes: new FieldNotes(log),
    events: createMetrics({ version: 'test', connectors: () => [] }).eventsOf('c'),
    waits,
    log,
    profile: new Profile(false, now),
    now,
    wallClock: () => Date.now(),
    random: Math.random,
    garbage: new Garbage({ collect: () => {}, trim: () => {}, now }),
    onFatal: error => fatal.push(error),
  });
  return { pipeline, budget, connection, health, waits, fatal };
}
