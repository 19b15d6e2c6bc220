// Whether librdkafka takes the consumer's settings at all: asked before anything waits for Kafka, and by `validate`.
import { readFileSync } from 'node:fs';
import type { ConnectorSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import { loadKafka } from '../kafka/load.ts';
import type { KafkaProperties } from '../kafka/properties.ts';

/**
 * Makes a client as the sink does, but without brokers, and throws it away: what librdkafka and OpenSSL refuse (key
 * stores, passwords, certificates, ciphers, keys that exclude each other) is configuration and no matter of waiting.
 * @throws SinkError CONFIG_INVALID, exit code 1, with the key, its place and librdkafka's whole reason
 */
export async function checkClient(
  settings: Pick<ConnectorSettings, 'consumer' | 'effective'>,
  mask: (text: string) => string,
): Promise<void> {
  const { 'auto.offset.reset': offsetReset = 'earliest', ...properties } = settings.consumer;
  const { 'bootstrap.servers': _, ...alone } = properties;
  const reason = await refusal({ ...alone, log_level: 0 }, { 'auto.offset.reset': offsetReset });
  if (reason === undefined) return;
  const encrypted = () => /ENCRYPTED/.test(keyText(properties));
  const { property, summary, fix } = explainRefusal(reason, properties, encrypted);
  const source = settings.effective.find(({ key }) => key === `librdkafka.${property}`)?.source;
  throw new SinkError('CONFIG_INVALID', summary, {
    ...(source !== undefined && source !== 'default' && { where: source }),
    found: mask(reason),
    fix,
  });
}

/**
 * The same for all connectors, one after the other.
 * @throws SinkError CONFIG_INVALID with everything that is refused; what stands in the worker's file is named once
 */
export async function checkClients(
  connectors: readonly Pick<ConnectorSettings, 'consumer' | 'effective'>[],
  mask: (text: string) => string,
): Promise<void> {
  const refused = new Map<string, SinkError>();
  for (const settings of connectors) {
    try {
      await checkClient(settings, mask);
    } catch (error) {
      if (!(error instanceof SinkError)) throw error;
      refused.set(error.message, error);
    }
  }
  const [first, ...others] = refused.values();
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const lines = [...refused.keys()].map(message => `  ${message.replace(/^[A-Z_]+(?: at|:) /, '')}`);
  throw new SinkError(
    'CONFIG_INVALID',
    [`${lines.length} problems in the configuration`, ...lines].join('\n'),
  );
}

export interface Refusal {
  /** The one that is to blame, by librdkafka's name; undefined when the reason names none. */
  property: string | undefined;
  summary: string;
  fix: string;
}

/**
 * What librdkafka's reason for making no client means.
 * @param encrypted whether the private key is: OpenSSL's reason does not say so
 */
export function explainRefusal(
  reason: string,
  properties: KafkaProperties,
  encrypted: () => boolean,
): Refusal {
  const named = (...names: string[]) => names.find(name => Object.hasOwn(properties, name));
  if (/PKCS#12.*mac verify failure|PKCS#12.*(bad decrypt|invalid password)/i.test(reason)) {
    return {
      property: named('ssl.keystore.password'),
      summary: 'the password does not open the key store',
      fix: 'Correct ssl.keystore.password',
    };
  }
  if (/key values mismatch/i.test(reason)) {
    return {
      property: named('ssl.key.location', 'ssl.key.pem', 'ssl.keystore.location'),
      summary: 'the private key does not belong to the certificate',
      fix: 'Put the certificate of this key first in its chain, or use the key that it was made with',
    };
  }
  if (/ssl\.key\.(location|pem)\b/.test(reason)) {
    const property = named('ssl.key.location', 'ssl.key.pem');
    if (!encrypted()) {
      return {
        property,
        summary: 'the private key cannot be read',
        fix: 'Check that it is a whole PEM block',
      };
    }
    return Object.hasOwn(properties, 'ssl.key.password')
      ? {
          property: 'ssl.key.password',
          summary: 'the password does not open the private key',
          fix: 'Correct ssl.key.password',
        }
      : {
          property,
          summary: 'the private key is encrypted, and its password is missing',
          fix: 'Set ssl.key.password',
        };
  }
  const property = Object.keys(properties)
    .filter(name => reason.includes(name))
    .sort((a, b) => b.length - a.length)[0];
  const [, summary, fix] = WORDS.find(([pattern]) => pattern.test(property ?? reason)) ?? [
    undefined,
    "librdkafka does not take the consumer's settings",
    'Correct the consumer.* or consumer.override.* setting that it names',
  ];
  return { property, summary, fix };
}

// --- internal ---

const WORDS: [RegExp, string, string][] = [
  [
    /^ssl\.ca\./,
    'the certificates of the trust store cannot be read',
    'Check ssl.truststore.location: whole PEM blocks of certificates',
  ],
  [
    /^ssl\.certificate\./,
    'the client certificate cannot be read',
    'Check the certificate in ssl.keystore.*: whole PEM blocks',
  ],
  [
    /^ssl\.keystore\.location$/,
    'the key store cannot be read',
    'Check that the file is a whole PKCS#12 store',
  ],
  [
    /^ssl\.cipher\.suites$/,
    'OpenSSL knows none of the cipher suites',
    "Use OpenSSL's names, such as ECDHE-RSA-AES256-GCM-SHA384 (openssl ciphers lists them), or remove ssl.cipher.suites",
  ],
];

/** librdkafka's words for why there is no client; undefined when there is one. */
async function refusal(properties: object, topicProperties: object): Promise<string | undefined> {
  const { KafkaConsumer } = loadKafka();
  try {
    const client = new KafkaConsumer(properties as never, topicProperties as never);
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
