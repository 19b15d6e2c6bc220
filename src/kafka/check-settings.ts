// Whether librdkafka takes a consumer's settings at all: asked before anything waits for Kafka, and by `validate`.
import { readFileSync } from 'node:fs';
import { type CreateClient, clientProperties, officialClient } from './client.ts';
import type { KafkaProperties } from './properties.ts';
import { explainRefusal, type Refusal } from './refusal.ts';

export interface RefusedSettings extends Refusal {
  /** librdkafka's words, whole. They may hold secrets. */
  reason: string;
}

/**
 * Makes a client as the sink does, but without brokers, and throws it away: what librdkafka and OpenSSL refuse (key
 * stores, passwords, certificates, ciphers, keys that exclude each other) is configuration and no matter of waiting.
 * @returns undefined when there is nothing against them
 * @throws SinkError NATIVE_LOAD
 */
export async function checkSettings(consumer: KafkaProperties): Promise<RefusedSettings | undefined> {
  const { 'bootstrap.servers': _, ...alone } = consumer;
  const reason = await reasonForNone({ ...alone, log_level: 0 }, officialClient());
  if (reason === undefined) return undefined;
  const isKeyEncrypted = () => /ENCRYPTED/.test(keyText(consumer));
  return { ...explainRefusal(reason, consumer, isKeyEncrypted), reason };
}

// --- internal ---

/** librdkafka's words for why there is no client; undefined when there is one. */
async function reasonForNone(consumer: KafkaProperties, create: CreateClient): Promise<string | undefined> {
  const { properties, topicProperties } = clientProperties(consumer);
  try {
    const client = create(properties, topicProperties);
    // The package's own connect cuts the reason off at its second colon, and asks the brokers.
    const native = (client as unknown as { _client: NativeClient })._client;
    const error = await new Promise<Error | null | undefined>(resolve => native.connect(resolve));
    if (error) return error.message;
    await new Promise<void>(resolve => native.disconnect(() => resolve()));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface NativeClient {
  connect(cb: (error: Error | null | undefined) => void): void;
  disconnect(cb: () => void): void;
}

function keyText(properties: KafkaProperties): string {
  const inline = properties['ssl.key.pem'];
  if (inline !== undefined) return String(inline);
  try {
    return readFileSync(String(properties['ssl.key.location']), 'latin1');
  } catch {
    return '';
  }
}
