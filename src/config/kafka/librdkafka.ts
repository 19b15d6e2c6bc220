// Settings of Kafka's Java clients → librdkafka's configuration: each section takes its own, the rest is plain values.

import type { ReadFile } from '../value/pem.ts';
import type { ClientSettings } from './client.ts';
import { translateGroup, translateReset } from './group.ts';
import { type OwnSettings, takeOwn } from './own.ts';
import { translatePlain } from './plain.ts';
import { jaasSecrets } from './sasl.ts';
import { takeSecurity, translateSecurity } from './security.ts';
import { checkTogether } from './together.ts';
import { newTranslation, type Translation } from './translation.ts';

export type ClientRole = 'consumer' | 'producer' | 'admin';

/**
 * The consumer's properties, and what the sink does itself by settings of Java's consumer.
 * @param readFile for key and trust stores
 */
export function translateConsumer(client: ClientSettings, readFile: ReadFile): Translation & OwnSettings {
  const out = begin(client);
  const own = takeOwn(client, out);
  translateGroup(client, out);
  translateReset(client, out);
  translateSecurity(client, readFile, out);
  for (const [name, setting] of client.rest()) translatePlain(name, setting, 'consumer', out);
  checkTogether(client, out);
  return { ...out, ...own };
}

/** The settings of a client that is not used yet: its values are checked, what belongs together is not. */
export function checkUnused(client: ClientSettings, role: Exclude<ClientRole, 'consumer'>): Translation {
  const out = begin(client);
  takeSecurity(client);
  for (const [name, setting] of client.rest()) translatePlain(name, setting, role, out);
  return out;
}

// --- internal ---

/** A translation that knows the client's secrets, whatever becomes of the settings. */
function begin(client: ClientSettings): Translation {
  const out = newTranslation();
  for (const setting of client.all()) {
    if (setting.secret && setting.value.trim() !== '') out.secrets.push(setting.value);
  }
  const jaas = client.peek('sasl.jaas.config');
  if (jaas) out.secrets.push(...jaasSecrets(jaas.value));
  return out;
}
