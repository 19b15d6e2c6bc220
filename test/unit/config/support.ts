// A configuration as tests write it: text in, settings or the lines of the error out.

import { loadConfiguration } from '../../../src/config/load.ts';
import type { Configuration, ConnectorSettings, WorkerSettings } from '../../../src/config/settings.ts';
import { SinkError } from '../../../src/errors.ts';

export const WORKER = `bootstrap.servers=kafka:9092
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
`;
export const CONNECTOR = `name=sink
connector.class=com.milvus.io.kafka.MilvusSinkConnector
topics=t
public.endpoint=https://milvus:443
token=some-api-key
collection.name=c
`;

export interface Given {
  worker?: string;
  connector?: string | undefined;
  connectorName?: string;
  extra?: { path: string; text: string }[];
  set?: string[];
  env?: Record<string, string>;
  disk?: Record<string, string | Uint8Array>;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Of a configuration with one connector: everything in one object. */
export type Loaded = ConnectorSettings & WorkerSettings & Pick<Configuration, 'warnings' | 'notes' | 'mask'>;

export function load(given: Given = {}): Loaded {
  const { worker, connectors, warnings, notes, mask } = loadAll(given);
  return { ...worker, ...connectors[0]!, warnings, notes, mask };
}

/** With `extra`, of several connectors. */
export function loadAll(given: Given = {}): Configuration {
  const files = [{ path: 'w.properties', bytes: encode(given.worker ?? WORKER) }];
  if (!('connector' in given) || given.connector !== undefined) {
    files.push({ path: given.connectorName ?? 'c.properties', bytes: encode(given.connector ?? CONNECTOR) });
  }
  for (const { path, text } of given.extra ?? []) files.push({ path, bytes: encode(text) });
  const disk = given.disk ?? {};
  return loadConfiguration({
    files,
    set: given.set ?? [],
    env: given.env ?? {},
    readFile: path => {
      const content = disk[path];
      if (content === undefined) throw new Error(`ENOENT ${path}`);
      return typeof content === 'string' ? encode(content) : content;
    },
  });
}

/** The lines of the error; fails the test when there is none. */
export function problems(given: Given): string[] {
  return failure(given)
    .message.split('\n')
    .slice(1)
    .map(line => line.trim());
}

export function failure(given: Given): SinkError {
  try {
    load(given);
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
