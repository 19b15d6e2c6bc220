// Why librdkafka and OpenSSL make no client of these properties, in a person's words: which is to blame, what to do.
import type { KafkaProperties } from './properties.ts';

export interface Refusal {
  /** The one that is to blame, by librdkafka's name; undefined when the reason names none. */
  property: string | undefined;
  summary: string;
  fix: string;
}

/**
 * What librdkafka's reason for making no client means.
 * @param isKeyEncrypted whether the private key is: OpenSSL's reason does not say so
 */
export function explainRefusal(
  reason: string,
  properties: KafkaProperties,
  isKeyEncrypted: () => boolean,
): Refusal {
  const known = BY_REASON.find(({ pattern }) => pattern.test(reason));
  if (known) return { property: firstOf(properties, known.blamed), summary: known.summary, fix: known.fix };
  if (/ssl\.key\.(location|pem)\b/.test(reason)) return explainKey(properties, isKeyEncrypted());
  // The longest name: others may be its beginning.
  const [property] = Object.keys(properties)
    .filter(name => reason.includes(name))
    .sort((a, b) => b.length - a.length);
  const { summary, fix } = BY_PROPERTY.find(({ pattern }) => pattern.test(property ?? reason)) ?? OTHERWISE;
  return { property, summary, fix };
}

// --- internal ---

const BY_REASON: { pattern: RegExp; blamed: string[]; summary: string; fix: string }[] = [
  {
    pattern: /PKCS#12.*mac verify failure|PKCS#12.*(bad decrypt|invalid password)/i,
    blamed: ['ssl.keystore.password'],
    summary: 'the password does not open the key store',
    fix: 'Correct ssl.keystore.password',
  },
  {
    pattern: /key values mismatch/i,
    blamed: ['ssl.key.location', 'ssl.key.pem', 'ssl.keystore.location'],
    summary: 'the private key does not belong to the certificate',
    fix: 'Put the certificate of this key first in its chain, or use the key that it was made with',
  },
];

const BY_PROPERTY: { pattern: RegExp; summary: string; fix: string }[] = [
  {
    pattern: /^ssl\.ca\./,
    summary: 'the certificates of the trust store cannot be read',
    fix: 'Check ssl.truststore.location: whole PEM blocks of certificates',
  },
  {
    pattern: /^ssl\.certificate\./,
    summary: 'the client certificate cannot be read',
    fix: 'Check the certificate in ssl.keystore.*: whole PEM blocks',
  },
  {
    pattern: /^ssl\.keystore\.location$/,
    summary: 'the key store cannot be read',
    fix: 'Check that the file is a whole PKCS#12 store',
  },
  {
    pattern: /^ssl\.cipher\.suites$/,
    summary: 'OpenSSL knows none of the cipher suites',
    fix: "Use OpenSSL's names, such as ECDHE-RSA-AES256-GCM-SHA384 (openssl ciphers lists them), or remove ssl.cipher.suites",
  },
];

const OTHERWISE = {
  summary: "librdkafka does not take the consumer's settings",
  fix: 'Correct the consumer.* or consumer.override.* setting that it names',
};

function explainKey(properties: KafkaProperties, encrypted: boolean): Refusal {
  const property = firstOf(properties, ['ssl.key.location', 'ssl.key.pem']);
  if (!encrypted)
    return { property, summary: 'the private key cannot be read', fix: 'Check that it is a whole PEM block' };
  if (Object.hasOwn(properties, 'ssl.key.password')) {
    return {
      property: 'ssl.key.password',
      summary: 'the password does not open the private key',
      fix: 'Correct ssl.key.password',
    };
  }
  return {
    property,
    summary: 'the private key is encrypted, and its password is missing',
    fix: 'Set ssl.key.password',
  };
}

function firstOf(properties: KafkaProperties, names: string[]): string | undefined {
  return names.find(name => Object.hasOwn(properties, name));
}
