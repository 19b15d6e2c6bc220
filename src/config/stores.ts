// Java's key and trust stores in librdkafka's words: PEM and PKCS12 pass, what OpenSSL can't read is refused.
import type { ClientSetting, Translation } from './client.ts';
import { shown } from './entry.ts';
import { decodeText } from './properties.ts';

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
  if (type === 'PEM') {
    if (location && inline) {
      bothGiven(location, inline, out);
      return;
    }
    if (inline) {
      setPem('ssl.ca.pem', inline, 'CERTIFICATE', out);
      return;
    }
    if (checkPemFile(location!, 'CERTIFICATE', out, readFile))
      out.set('ssl.ca.location', location!.value.trim(), location!);
    return;
  }
  if (!location) {
    pemOnly(inline!, 'ssl.truststore.type', out);
    return;
  }
  const path = shownPath(location);
  const pem = shellWord(`${baseName(location)}.pem`);
  const toPem = (p12: string) => `openssl pkcs12 -in ${p12} -nokeys -out ${pem}`;
  const p12 = shellWord(`${baseName(location)}.p12`);
  const use = `, then set ssl.truststore.type=PEM and ssl.truststore.location=${pem}`;
  const fix =
    type === 'PKCS12'
      ? `Convert it: ${toPem(path)}${use}`
      : `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore ${p12} -deststoretype PKCS12 && ${toPem(p12)}${use}`;
  refuseStore(location, type, 'a PEM trust store (ssl.truststore.type=PEM)', fix, out);
}

/** `ssl.keystore.*` → `ssl.keystore.*` (PKCS12), or key and certificate (PEM). */
export function translateKeyStore(client: Client, out: Translation, readFile: ReadFile): void {
  const location = filled(client, 'ssl.keystore.location');
  const key = filled(client, 'ssl.keystore.key');
  const chain = filled(client, 'ssl.keystore.certificate.chain');
  const keyPassword = filled(client, 'ssl.key.password');
  const store = location ?? key ?? chain;
  if (!store) {
    if (keyPassword) out.set('ssl.key.password', keyPassword.value, keyPassword);
    return;
  }
  const type = storeType(client, 'ssl.keystore.type');
  if (type === 'PEM') {
    if (location && (key || chain)) {
      bothGiven(location, (key ?? chain)!, out);
      return;
    }
    if (keyPassword) out.set('ssl.key.password', keyPassword.value, keyPassword);
    if (location) {
      const certificate = checkPemFile(location, 'CERTIFICATE', out, readFile);
      if (certificate && checkPemFile(location, 'PRIVATE KEY', out, readFile)) {
        out.set('ssl.certificate.location', location.value.trim(), location);
        out.set('ssl.key.location', location.value.trim(), location);
      }
      return;
    }
    if (!key || !chain) {
      const missing = key ? 'ssl.keystore.certificate.chain' : 'ssl.keystore.key';
      out.problem(store, `needs ${missing} as well`);
      return;
    }
    setPem('ssl.key.pem', key, 'PRIVATE KEY', out);
    setPem('ssl.certificate.pem', chain, 'CERTIFICATE', out);
    return;
  }
  if (!location) {
    pemOnly(store, 'ssl.keystore.type', out);
    return;
  }
  if (type !== 'PKCS12') {
    const path = shownPath(location);
    const p12 = shellWord(`${baseName(location)}.p12`);
    const fix = `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore ${p12} -deststoretype PKCS12, then set ssl.keystore.type=PKCS12 and ssl.keystore.location=${p12}`;
    refuseStore(location, type, 'a PKCS12 or PEM key store', fix, out);
    return;
  }
  const password = filled(client, 'ssl.keystore.password');
  if (!password) {
    out.problem(location, 'needs ssl.keystore.password as well');
    return;
  }
  if (readable(location, out, readFile) === undefined) return;
  out.set('ssl.keystore.location', location.value.trim(), location);
  out.set('ssl.keystore.password', password.value, password);
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

/** Java's default type is JKS. */
function storeType(client: Client, name: string): string {
  return filled(client, name)?.value.trim().toUpperCase() ?? 'JKS';
}

function bothGiven(location: ClientSetting, inline: ClientSetting, out: Translation): void {
  out.problem(location, `is set together with ${inline.key}`, { expected: 'one of the two' });
}

function pemOnly(inline: ClientSetting, typeKey: string, out: Translation): void {
  out.problem(inline, `needs ${typeKey}=PEM`);
}

function refuseStore(
  location: ClientSetting,
  type: string,
  expected: string,
  fix: string,
  out: Translation,
): void {
  const known = /^(JKS|PKCS12|BCFKS|JCEKS|DKS)$/.test(type) ? type : 'another type';
  out.problem(location, 'OpenSSL cannot use this store', { expected, found: `a ${known} store`, fix });
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

function checkPemFile(
  location: ClientSetting,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  out: Translation,
  readFile: ReadFile,
): boolean {
  const bytes = readable(location, out, readFile);
  if (bytes === undefined) return false;
  if (normalizePem(decodeText(bytes), kind) !== undefined) return true;
  const jks = bytes[0] === 0xfe && bytes[1] === 0xed;
  const found = jks ? 'a JKS store' : bytes[0] === 0x30 ? 'a PKCS12 store or DER' : 'no such block';
  out.problem(location, 'the file is not PEM', { expected: `-----BEGIN ${kind}----- in it`, found });
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

/** A path that came through a config provider is not shown. */
function shownPath(location: ClientSetting): string {
  return location.secret ? '<store>' : shellWord(location.value.trim());
}

function baseName(location: ClientSetting): string {
  if (location.secret) return 'store';
  return location.value
    .trim()
    .replace(/^.*[/\\]/, '')
    .replace(/\.(jks|p12|pfx|keystore|truststore)$/i, '');
}

function shellWord(path: string): string {
  return /^[A-Za-z0-9_./\\:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
