// SASL: Java's mechanism and JAAS line → librdkafka's mechanism, user name and password.

import { shown } from '../value/entry.ts';
import { nearest } from '../value/suggest.ts';
import type { ClientSetting, ClientSettings } from './client.ts';
import { parseJaas } from './jaas.ts';
import type { Translation } from './translation.ts';

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
const MODULES = [
  'org.apache.kafka.common.security.plain.PlainLoginModule',
  'org.apache.kafka.common.security.scram.ScramLoginModule',
];
const LATER_MODULES = [
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule',
  'com.sun.security.auth.module.Krb5LoginModule',
  'software.amazon.msk.auth.iam.IAMLoginModule',
];

export interface LoginSettings {
  mechanism: ClientSetting | undefined;
  jaas: ClientSetting | undefined;
  /** librdkafka's own words for what a JAAS line says. */
  user: ClientSetting | undefined;
  password: ClientSetting | undefined;
}

export function takeLogin(client: ClientSettings): LoginSettings {
  return {
    mechanism: client.take('sasl.mechanism'),
    jaas: client.takeFilled('sasl.jaas.config'),
    user: client.take('sasl.username'),
    password: client.take('sasl.password'),
  };
}

/** @param protocol the client's security.protocol, for a missing mechanism's place */
export function translateSasl(login: LoginSettings, protocol: ClientSetting, out: Translation): void {
  const { mechanism, jaas, user, password } = login;
  const name = mechanism?.value.trim().toUpperCase() ?? '';
  const expected = MECHANISMS.join(', ');
  if (name === '') {
    // Java's default would be GSSAPI, that is Kerberos.
    out.problem(mechanism ?? protocol, mechanism ? 'is empty' : 'needs sasl.mechanism as well', {
      expected,
    });
    return;
  }
  if (name === 'OAUTHBEARER' || name === 'GSSAPI') {
    const what = name === 'GSSAPI' ? 'Kerberos (GSSAPI)' : 'OAUTHBEARER (OIDC)';
    out.problem(mechanism!, `${what} is not in this release`, { expected });
    return;
  }
  if (!MECHANISMS.includes(name)) {
    const didYouMean = nearest(name, MECHANISMS);
    out.problem(mechanism!, 'unknown mechanism', { expected, found: shown(mechanism!), didYouMean });
    return;
  }
  out.set('sasl.mechanisms', name, mechanism);
  const native = Math.max(user?.rank ?? -1, password?.rank ?? -1);
  if (jaas && jaas.rank >= native) {
    for (const other of [user, password])
      if (other?.rank === jaas.rank) out.warn(other, `has no effect beside ${jaas.key}`);
    translateJaas(jaas, out);
    return;
  }
  if (!user || !password) {
    const missing = !user && !password ? 'sasl.jaas.config' : user ? 'sasl.password' : 'sasl.username';
    out.problem(mechanism!, `needs ${missing} as well`);
    return;
  }
  out.set('sasl.username', user.value, user);
  out.set('sasl.password', password.value, password);
}

/** The password of a JAAS line, so that it is masked on its own even when the line is not used. */
export function jaasSecrets(value: string): string[] {
  const entry = parseJaas(value);
  if (typeof entry !== 'string')
    return [...entry.options].filter(([k]) => k !== 'username').map(([, v]) => v);
  // Not readable: everything between quotes may be the password.
  return [...value.matchAll(/["']([^"']+)["']?/g)].map(match => match[1]!);
}

// --- internal ---

function translateJaas(jaas: ClientSetting, out: Translation): void {
  const entry = parseJaas(jaas.value);
  const expected = `${MODULES[0]} required username="…" password="…"; (or ScramLoginModule)`;
  if (typeof entry === 'string') {
    out.problem(jaas, `cannot be read: ${entry}`, { expected });
    return;
  }
  if (LATER_MODULES.includes(entry.module)) {
    out.problem(jaas, `${entry.module} is not in this release`, { expected });
    return;
  }
  if (!MODULES.includes(entry.module)) {
    out.problem(jaas, 'unknown login module', { expected });
    return;
  }
  const user = entry.options.get('username');
  const password = entry.options.get('password');
  if (user === undefined || password === undefined) {
    const missing = user === undefined ? 'username' : 'password';
    out.problem(jaas, `${missing} is missing`, { expected });
    return;
  }
  out.set('sasl.username', user, jaas);
  out.set('sasl.password', password, jaas);
}
