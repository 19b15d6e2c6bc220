// Worker settings from CONNECT_* variables, as the well-known Kafka Connect container images take them.
import type { Setting } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';

/** Variables that those images use for themselves. */
const NOT_SETTINGS = /^CONNECT_(LOG4J_|CUB_|TOOLS_|HEAP_OPTS$|KAFKA_)/;
/** What Kubernetes (and Docker's links) give each container for a service named `connect` or `connect-…`. */
const OF_SERVICES = /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_URL = /^(tcp|udp|sctp):\/\//;

/**
 * `CONNECT_BOOTSTRAP_SERVERS` → `bootstrap.servers`. The images' rule: lower case; `_` is a dot, `__` an underscore,
 * `___` a hyphen. Sorted by name, so that the same environment gives the same settings.
 */
export function fromEnvironment(env: Record<string, string | undefined>): Setting[] {
  const settings: Setting[] = [];
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value === undefined || !name.startsWith('CONNECT_') || NOT_SETTINGS.test(name)) continue;
    if (OF_SERVICES.test(name) || (name.endsWith('_PORT') && SERVICE_URL.test(value))) continue;
    const key = environmentKey(name);
    if (key !== '') settings.push({ key, value, source: `environment ${name}`, secret: isSecretKey(key) });
  }
  return settings;
}

/** @param name begins with `CONNECT_` */
export function environmentKey(name: string): string {
  return name
    .slice('CONNECT_'.length)
    .toLowerCase()
    .replace(/_+/g, run => '-'.repeat(Math.floor(run.length / 3)) + (['', '.', '_'][run.length % 3] ?? ''));
}
