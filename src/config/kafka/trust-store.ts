// Java's trust store in librdkafka's words: PEM passes, what OpenSSL can't read is refused.

import type { ReadFile } from '../value/pem.ts';
import type { ClientSetting, ClientSettings } from './client.ts';
import {
  baseName,
  bothGiven,
  checkPem,
  keytool,
  pemOnly,
  readStore,
  refuseStore,
  setPem,
  shellWord,
  storeType,
  warnPem,
} from './store-file.ts';
import type { Translation } from './translation.ts';

export interface TrustStoreSettings {
  location: ClientSetting | undefined;
  /** PEM text. */
  inline: ClientSetting | undefined;
  type: ClientSetting | undefined;
}

export function takeTrustStore(client: ClientSettings): TrustStoreSettings {
  // A trust store that can be used is PEM, which has no password.
  client.take('ssl.truststore.password');
  return {
    location: client.takeFilled('ssl.truststore.location'),
    inline: client.takeFilled('ssl.truststore.certificates'),
    type: client.takeFilled('ssl.truststore.type'),
  };
}

/** `ssl.truststore.*` → `ssl.ca.location` or `ssl.ca.pem`; without one the system's roots. */
export function translateTrustStore(
  { location, inline, type: declared }: TrustStoreSettings,
  client: ClientSettings,
  readFile: ReadFile,
  out: Translation,
): void {
  const store = location ?? inline;
  const native = nativeRoots(client);
  if (native && (!store || native.rank >= store.rank)) {
    if (store?.rank === native.rank) out.warn(store, `has no effect beside ${native.key}`);
    return;
  }
  // The store is of a later layer: it overrides librdkafka's own words for the same.
  if (native) for (const name of NATIVE) client.take(name);
  if (!store) {
    // OpenSSL's built-in path is that of the machine that built it; probing finds this machine's.
    out.set('ssl.ca.location', 'probe', undefined);
    return;
  }
  const type = storeType(declared);
  if (location && inline) bothGiven(location, inline, out);
  else if (location) translateFile(location, type, readFile, out);
  else if (type === 'PEM') setPem('ssl.ca.pem', store, 'CERTIFICATE', out);
  else pemOnly(store, 'ssl.truststore.type', out);
}

// --- internal ---

const NATIVE = ['ssl.ca.location', 'ssl.ca.pem'];

function translateFile(location: ClientSetting, type: string, readFile: ReadFile, out: Translation): void {
  const found = readStore(location, type, out, readFile);
  if (!found) return;
  const { kind, bytes } = found;
  if (kind === 'PEM') {
    if (type !== 'PEM') warnPem(location, 'ssl.truststore.type', out);
    if (checkPem(location, 'CERTIFICATE', bytes, out))
      out.set('ssl.ca.location', location.value.trim(), location);
    return;
  }
  const path = shellWord(location.value.trim());
  const pem = shellWord(`${baseName(location)}.pem`);
  const toPem = (p12: string) => `openssl pkcs12 -in ${p12} -nokeys -out ${pem}`;
  const use = `, then set ssl.truststore.type=PEM and ssl.truststore.location=${pem}`;
  const p12 = shellWord(`${baseName(location)}.p12`);
  const fix =
    kind === 'PKCS12'
      ? `Convert it: ${toPem(path)}${use}`
      : `Convert it: ${keytool(kind, path, p12)} && ${toPem(p12)}${use}`;
  refuseStore(location, kind, 'a PEM trust store (ssl.truststore.type=PEM)', fix, out);
}

function nativeRoots(client: ClientSettings): ClientSetting | undefined {
  return NATIVE.map(name => client.peek(name)).find(setting => setting && setting.value.trim() !== '');
}
