// Java's key and trust stores in librdkafka's words: PEM and PKCS12 pass, what OpenSSL can't read is refused.

import { shown } from '../value/entry.ts';
import { decodeText } from '../value/text.ts';
import type { ClientSetting, Translation } from './client.ts';
import { javaTrim, type StoreKind, storeKind } from './store-kind.ts';

type Client = ReadonlyMap<string, ClientSetting>;
type ReadFile = (path: string) => Uint8Array;

/** `ssl.truststore.*` → `ssl.ca.location` or `ssl.ca.pem`; without one the system's roots. */
export function translateTrustStore(client: Client, out: Translation, readFile: ReadFile): void {
  const location = filled(client, 'ssl.truststore.location');
  const inline = filled(client, 'ssl.truststore.certificates');
  const native = filled(client, 'ssl.ca.location') ?? filled(client, 'ssl.ca.pem');
  const store = location ?? inline;
  if (native && (!store || native.rank >= store.rank)) return;
  if (!store) {
    // OpenSSL's built-in path is that of the machine that built it; probing finds this machine's.
    out.set('ssl.ca.location', 'probe', undefined);
    return;
  }
  const type = storeType(client, 'ssl.truststore.type');
  if (location && inline) {
    bothGiven(location, inline, out);
    return;
  }
  if (!location) {
    if (type === 'PEM') setPem('ssl.ca.pem', inline!, 'CERTIFICATE', out);
    else pemOnly(inline!, 'ssl.truststore.type', out);
    return;
  }
  const found = readStore(location, type, out, readFile);
  if (!found) return;
  const { kind, bytes } = found;
  if (kind === 'PEM') {
    if (type !== 'PEM') sayPem(location, 'ssl.truststore.type', out);
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

/** `ssl.keystore.*` → `ssl.keystore.*` (PKCS12), or key and certificate (PEM). */
export function translateKeyStore(client: Client, out: Translation, readFile: ReadFile): void {
  const location = filled(client, 'ssl.keystore.location');
  const key = filled(client, 'ssl.keystore.key');
  const chain = filled(client, 'ssl.keystore.certificate.chain');
  const keyPassword = filled(client, 'ssl.key.password');
  const setKeyPassword = () => {
    if (keyPassword) out.set('ssl.key.password', javaTrim(keyPassword.value), keyPassword);
  };
  const store = location ?? key ?? chain;
  if (!store) {
    setKeyPassword();
    return;
  }
  const type = storeType(client, 'ssl.keystore.type');
  if (location && (key || chain)) {
    bothGiven(location, (key ?? chain)!, out);
    return;
  }
  if (!location) {
    if (type !== 'PEM') {
      pemOnly(store, 'ssl.keystore.type', out);
      return;
    }
    setKeyPassword();
    if (!key || !chain) {
      const missing = key ? 'ssl.keystore.certificate.chain' : 'ssl.keystore.key';
      out.problem(store, `needs ${missing} as well`);
      return;
    }
    setPem('ssl.key.pem', key, 'PRIVATE KEY', out);
    setPem('ssl.certificate.pem', chain, 'CERTIFICATE', out);
    return;
  }
  const found = readStore(location, type, out, readFile);
  if (!found) return;
  const { kind, bytes } = found;
  if (kind === 'PEM') {
    if (type !== 'PEM') sayPem(location, 'ssl.keystore.type', out);
    setKeyPassword();
    if (checkPem(location, 'CERTIFICATE', bytes, out) && checkPem(location, 'PRIVATE KEY', bytes, out)) {
      out.set('ssl.certificate.location', location.value.trim(), location);
      out.set('ssl.key.location', location.value.trim(), location);
    }
    return;
  }
  if (kind !== 'PKCS12') {
    const p12 = shellWord(`${baseName(location)}.p12`);
    const fix = `Convert it: ${keytool(kind, shellWord(location.value.trim()), p12)}, then set ssl.keystore.type=PKCS12 and ssl.keystore.location=${p12}`;
    refuseStore(location, kind, 'a PKCS12 or PEM key store', fix, out);
    return;
  }
  const password = filled(client, 'ssl.keystore.password');
  if (!password) {
    out.problem(location, 'needs ssl.keystore.password as well');
    return;
  }
  out.set('ssl.keystore.location', location.value.trim(), location);
  out.set('ssl.keystore.password', javaTrim(password.value), password);
}

/**
 * PEM as OpenSSL wants it: Java takes a block on one line with any white space in it, as a properties file has it.
 * undefined when there is no such block.
 */
export function normalizePem(text: string, kind: 'CERTIFICATE' | 'PRIVATE KEY'): string | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)];
  if (!blocks.some(([, label]) => label!.endsWith(kind))) return undefined;
  return blocks
    .map(([whole, label, body]) => {
      // Headers of the old encrypted format depend on their lines.
      if (body!.includes(':')) return `${whole}\n`;
      const lines = body!.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
      return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
    })
    .join('');
}

// --- internal ---

function filled(client: Client, name: string): ClientSetting | undefined {
  const setting = client.get(name);
  return setting && setting.value.trim() !== '' ? setting : undefined;
}

/** Java's default type is JKS, by which it reads PKCS12 as well. */
function storeType(client: Client, name: string): string {
  return filled(client, name)?.value.trim().toUpperCase() ?? 'JKS';
}

/** The file and what it is; undefined, and a problem, when it cannot be read or is no store. */
function readStore(
  location: ClientSetting,
  type: string,
  out: Translation,
  readFile: ReadFile,
): { kind: Exclude<StoreKind, 'DER'>; bytes: Uint8Array } | undefined {
  const bytes = readable(location, out, readFile);
  if (bytes === undefined) return undefined;
  const kind = storeKind(bytes);
  if (type === 'PEM' && kind !== 'PEM') {
    const found = kind === undefined ? 'no such block' : describeKind(kind);
    out.problem(location, 'the file is not PEM', { expected: '-----BEGIN …----- in it', found });
    return undefined;
  }
  if (kind !== undefined && kind !== 'DER') return { kind, bytes };
  const declared = /^(BCFKS|DKS)$/.test(type) ? `a ${type} store, by its declared type` : undefined;
  out.problem(location, 'the file is no store that OpenSSL can use', {
    expected: 'a PEM or PKCS12 file',
    found:
      declared ??
      (kind === 'DER' ? describeKind(kind) : bytes.length === 0 ? 'an empty file' : 'something else'),
  });
  return undefined;
}

function describeKind(kind: StoreKind): string {
  return kind === 'DER' ? 'DER, that is binary' : `a ${kind} store`;
}

function sayPem(location: ClientSetting, typeKey: string, out: Translation): void {
  out.warn(location, `is a PEM file and read as one: Java would need ${typeKey}=PEM`);
}

function keytool(kind: StoreKind, from: string, to: string): string {
  // keytool tells the other kinds apart by itself.
  const source = kind === 'JCEKS' ? ' -srcstoretype JCEKS' : '';
  return `keytool -importkeystore -srckeystore ${from}${source} -destkeystore ${to} -deststoretype PKCS12`;
}

function bothGiven(location: ClientSetting, inline: ClientSetting, out: Translation): void {
  out.problem(location, `is set together with ${inline.key}`, { expected: 'one of the two' });
}

function pemOnly(inline: ClientSetting, typeKey: string, out: Translation): void {
  out.problem(inline, `needs ${typeKey}=PEM`);
}

function refuseStore(
  location: ClientSetting,
  kind: StoreKind,
  expected: string,
  fix: string,
  out: Translation,
): void {
  out.problem(location, 'OpenSSL cannot use this store', { expected, found: describeKind(kind), fix });
}

function setPem(
  name: string,
  setting: ClientSetting,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  out: Translation,
): void {
  const pem = normalizePem(setting.value, kind);
  if (pem === undefined) out.problem(setting, 'is not PEM', { expected: `-----BEGIN ${kind}----- …` });
  else out.set(name, pem, setting);
}

function checkPem(
  location: ClientSetting,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  bytes: Uint8Array,
  out: Translation,
): boolean {
  if (normalizePem(decodeText(bytes), kind) !== undefined) return true;
  const expected = `-----BEGIN ${kind}----- in it`;
  out.problem(location, 'the file lacks a block', { expected, found: 'no such block' });
  return false;
}

function readable(location: ClientSetting, out: Translation, readFile: ReadFile): Uint8Array | undefined {
  try {
    return readFile(location.value.trim());
  } catch {
    out.problem(location, 'the file cannot be read', {
      expected: 'a file that this user may read',
      found: shown(location),
    });
    return undefined;
  }
}

function baseName(location: ClientSetting): string {
  return location.value
    .trim()
    .replace(/^.*[/\\]/, '')
    .replace(/\.(jks|p12|pfx|keystore|truststore)$/i, '');
}

function shellWord(path: string): string {
  return /^[A-Za-z0-9_./\\:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
