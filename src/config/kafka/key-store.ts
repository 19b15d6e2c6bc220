// Java's key store in librdkafka's words: PEM and PKCS12 pass, what OpenSSL can't read is refused.

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

export interface KeyStoreSettings {
  location: ClientSetting | undefined;
  type: ClientSetting | undefined;
  password: ClientSetting | undefined;
  /** PEM texts. */
  key: ClientSetting | undefined;
  chain: ClientSetting | undefined;
  keyPassword: ClientSetting | undefined;
}

export function takeKeyStore(client: ClientSettings): KeyStoreSettings {
  return {
    location: client.takeFilled('ssl.keystore.location'),
    type: client.takeFilled('ssl.keystore.type'),
    password: client.takeFilled('ssl.keystore.password'),
    key: client.takeFilled('ssl.keystore.key'),
    chain: client.takeFilled('ssl.keystore.certificate.chain'),
    keyPassword: client.takeFilled('ssl.key.password'),
  };
}

/** `ssl.keystore.*` → `ssl.keystore.*` (PKCS12), or key and certificate (PEM). */
export function translateKeyStore(settings: KeyStoreSettings, readFile: ReadFile, out: Translation): void {
  const { location, key, chain } = settings;
  const inline = key ?? chain;
  if (location && inline) bothGiven(location, inline, out);
  else if (location) translateFile(location, settings, readFile, out);
  else if (inline) translateInline(inline, settings, out);
  // librdkafka's own ssl.key.location has its password here, too.
  else setKeyPassword(settings, out);
}

// --- internal ---

function translateInline(store: ClientSetting, settings: KeyStoreSettings, out: Translation): void {
  const { key, chain } = settings;
  if (storeType(settings.type) !== 'PEM') {
    pemOnly(store, 'ssl.keystore.type', out);
    return;
  }
  setKeyPassword(settings, out);
  if (!key || !chain) {
    const missing = key ? 'ssl.keystore.certificate.chain' : 'ssl.keystore.key';
    out.problem(store, `needs ${missing} as well`);
    return;
  }
  setPem('ssl.key.pem', key, 'PRIVATE KEY', out);
  setPem('ssl.certificate.pem', chain, 'CERTIFICATE', out);
}

function translateFile(
  location: ClientSetting,
  settings: KeyStoreSettings,
  readFile: ReadFile,
  out: Translation,
): void {
  const type = storeType(settings.type);
  const path = location.value.trim();
  const found = readStore(location, type, out, readFile);
  if (!found) return;
  const { kind, bytes } = found;
  if (kind === 'PEM') {
    if (type !== 'PEM') warnPem(location, 'ssl.keystore.type', out);
    setKeyPassword(settings, out);
    if (checkPem(location, 'CERTIFICATE', bytes, out) && checkPem(location, 'PRIVATE KEY', bytes, out)) {
      out.set('ssl.certificate.location', path, location);
      out.set('ssl.key.location', path, location);
    }
    return;
  }
  if (kind !== 'PKCS12') {
    const p12 = shellWord(`${baseName(location)}.p12`);
    const fix = `Convert it: ${keytool(kind, shellWord(path), p12)}, then set ssl.keystore.type=PKCS12 and ssl.keystore.location=${p12}`;
    refuseStore(location, kind, 'a PKCS12 or PEM key store', fix, out);
    return;
  }
  const { password } = settings;
  if (!password) {
    out.problem(location, 'needs ssl.keystore.password as well');
    return;
  }
  out.set('ssl.keystore.location', path, location);
  out.set('ssl.keystore.password', javaTrim(password.value), password);
}

function setKeyPassword({ keyPassword }: KeyStoreSettings, out: Translation): void {
  if (keyPassword) out.set('ssl.key.password', javaTrim(keyPassword.value), keyPassword);
}

/** White space around a value, as Java's String.trim cuts it off strings and passwords (ConfigDef.parseType). */
function javaTrim(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && value.charCodeAt(start) <= 0x20) start++;
  while (end > start && value.charCodeAt(end - 1) <= 0x20) end--;
  return value.slice(start, end);
}
