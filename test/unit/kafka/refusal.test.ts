// The reasons are librdkafka's and OpenSSL's; that they are these is shown by test/pipeline/config/kafka.
import { expect, test } from 'bun:test';
import { explainRefusal } from '../../../src/kafka/refusal.ts';

const KEY = 'ssl.key.location failed: error:0480006C:PEM routines::no start line';
const never = () => {
  throw new Error('asked for no reason');
};

test.each([
  [
    'PKCS#12 store: error:11800071:PKCS12 routines::mac verify failure',
    { 'ssl.keystore.location': 'a', 'ssl.keystore.password': 'b' },
    'ssl.keystore.password',
    'the password does not open the key store',
  ],
  [
    'ssl.certificate.pem: error:05800074:x509 certificate routines::key values mismatch',
    { 'ssl.certificate.pem': 'a', 'ssl.key.pem': 'b' },
    'ssl.key.pem',
    'the private key does not belong to the certificate',
  ],
  [
    'ssl.ca.location failed: not in PEM format',
    { 'ssl.ca.location': 'a' },
    'ssl.ca.location',
    'the certificates of the trust store cannot be read',
  ],
  [
    'ssl.cipher.suites failed: no cipher match',
    { 'ssl.cipher.suites': 'a' },
    'ssl.cipher.suites',
    'OpenSSL knows none of the cipher suites',
  ],
  [
    '`session.timeout.ms` must be…',
    { 'session.timeout.ms': 1, 'session.timeout': 2 },
    'session.timeout.ms',
    "librdkafka does not take the consumer's settings",
  ],
  ['something else', { 'group.id': 'g' }, undefined, "librdkafka does not take the consumer's settings"],
])('%s', (reason, properties, property, summary) => {
  const refusal = explainRefusal(reason, properties, never);
  expect(refusal).toMatchObject({ summary });
  expect(refusal.property as unknown).toBe(property);
  expect(refusal.fix).toBeTruthy();
});

test.each([
  ['one in the clear', {}, false, 'ssl.key.location', 'the private key cannot be read'],
  [
    'an encrypted one without its password',
    {},
    true,
    'ssl.key.location',
    'the private key is encrypted, and its password is missing',
  ],
  [
    'an encrypted one with a wrong password',
    { 'ssl.key.password': 'x' },
    true,
    'ssl.key.password',
    'the password does not open the private key',
  ],
])('a private key: %s', (_, more, encrypted, property, summary) => {
  const properties = { 'ssl.key.location': 'a', ...more };
  expect(explainRefusal(KEY, properties, () => encrypted)).toMatchObject({ property, summary });
});
