// security.protocol and what hangs on it: TLS with its stores, SASL with its login, and what the protocol leaves idle.
import type { ReadFile } from '../value/pem.ts';
import type { ClientSettings } from './client.ts';
import { type KeyStoreSettings, takeKeyStore, translateKeyStore } from './key-store.ts';
import { type LoginSettings, takeLogin, translateSasl } from './sasl.ts';
import type { Translation } from './translation.ts';
import { type TrustStoreSettings, takeTrustStore, translateTrustStore } from './trust-store.ts';

export interface SecuritySettings {
  trustStore: TrustStoreSettings;
  keyStore: KeyStoreSettings;
  login: LoginSettings;
}

/** Java's store and login settings, none of which is librdkafka's as it stands. */
export function takeSecurity(client: ClientSettings): SecuritySettings {
  return { trustStore: takeTrustStore(client), keyStore: takeKeyStore(client), login: takeLogin(client) };
}

/** @param readFile for stores */
export function translateSecurity(client: ClientSettings, readFile: ReadFile, out: Translation): void {
  const protocol = client.peek('security.protocol');
  const value = protocol?.value.trim().toLowerCase() ?? 'plaintext';
  const tls = value === 'ssl' || value === 'sasl_ssl';
  const sasl = value.startsWith('sasl_');

  const idle = client.rest((name, text) => text !== '' && isIdle(name, tls, sasl));
  const { trustStore, keyStore, login } = takeSecurity(client);
  translateTls(client, tls, out);
  if (tls) {
    translateTrustStore(trustStore, client, readFile, out);
    translateKeyStore(keyStore, readFile, out);
  }
  if (sasl && protocol) translateSasl(login, protocol, out);
  // An unknown protocol is refused as a bad value, and what it would use is anybody's guess.
  if (idle.length > 0 && /^(plaintext|ssl|sasl_plaintext|sasl_ssl)$/.test(value)) {
    const keys = idle.map(([, setting]) => setting.key).join(', ');
    out.warnings.push(`no effect with security.protocol=${value.toUpperCase()}: ${keys}`);
  }
}

// --- internal ---

/** Whether the protocol makes no use of a setting; Java has a default for the endpoint's identification. */
function isIdle(name: string, tls: boolean, sasl: boolean): boolean {
  if (name.startsWith('ssl.')) return !tls && name !== 'ssl.endpoint.identification.algorithm';
  return name.startsWith('sasl.') && !sasl;
}

function translateTls(client: ClientSettings, tls: boolean, out: Translation): void {
  const algorithm = client.take('ssl.endpoint.identification.algorithm', value => value === '' || !tls);
  if (algorithm && tls) out.set('ssl.endpoint.identification.algorithm', 'none', algorithm);
  const ciphers = client.take('ssl.cipher.suites', value => value === '' || /(^|,)\s*(TLS|SSL)_/.test(value));
  if (ciphers && ciphers.value.trim() !== '')
    out.warn(ciphers, "has no effect: it holds Java's names of cipher suites");
}
