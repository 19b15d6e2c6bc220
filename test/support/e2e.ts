// What every end-to-end file starts from: which servers this machine can have, unique names, the shared client.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type Milvus } from '../../scripts/stack/client.ts';
import {
  lacks,
  MILVUS_TOKEN,
  ROOT,
  type Server,
  sharedKafka,
  sharedMilvus23,
  sharedMilvusLite,
} from '../../scripts/stack/stack.ts';

/** Why the tests that need both servers cannot run here; undefined when they can. */
export const missing = lacks.kafka ?? lacks.milvus;
if (missing)
  console.error(`end-to-end tests need a real Kafka and a real Milvus: ${missing} on this machine`);

export interface MilvusUnderTest {
  title: string;
  kind: 'm23' | 'lite3';
  server(): Promise<Server>;
  token: string;
}

export const MILVUS_2_3: MilvusUnderTest = {
  title: 'Milvus 2.3.5',
  kind: 'm23',
  server: sharedMilvus23,
  token: MILVUS_TOKEN,
};
export const MILVUS_LITE: MilvusUnderTest = {
  title: 'milvus-lite 3.2.2',
  kind: 'lite3',
  server: sharedMilvusLite,
  token: '',
};

export interface Stage {
  kafka: Server;
  bootstrap: string;
  milvus: Server;
  at: Milvus & { token: string };
  client: Client;
}

let client: Promise<Client> | undefined;

/** The shared Kafka, the shared Milvus of a kind, and the client that speaks to both. */
export async function stage(under: MilvusUnderTest): Promise<Stage> {
  client ??= Client.start();
  const [kafka, milvus, shared] = await Promise.all([sharedKafka(), under.server(), client]);
  return {
    kafka,
    bootstrap: kafka.address,
    milvus,
    at: { uri: `http://${milvus.address}`, token: under.token },
    client: shared,
  };
}

let names = 0;

/** A name for a topic and its collection that no other run has. */
export function unique(what: string): string {
  return `${what}_${process.pid}_${++names}`;
}

/** The message of the connector's guide, as its line is typed into the console producer. */
export const GUIDE_MESSAGE = readFileSync(join(ROOT, 'examples/guide/message.json'), 'utf8').trim();

/** A record of the guide's shape. */
export function guideRecord(id: number | bigint, title = `title ${id}`): string {
  return `{"id": ${id}, "title": ${JSON.stringify(title)}, "title_vector": [0.5, -0.25, 0.125, 0, 1, 2, 3, ${Number(id) % 100}], "link": "https://example.org/${id}"}`;
}
