// The address of our HTTP server: `listeners`, else rest.host.name and rest.port of Kafka Connect before 3.0.
import { parseListener } from './endpoint.ts';
import { type KeyName, specOf, type Values } from './keys.ts';
import type { HttpSettings } from './settings.ts';
import { type Findings, shown } from './value/entry.ts';
import { allowed } from './value/schema.ts';
import type { Chosen } from './values.ts';

/** All that it needs. */
export const HTTP_KEYS: ReadonlySet<string> = new Set<KeyName>([
  'http.enabled',
  'listeners',
  'rest.host.name',
  'rest.port',
]);

export function readHttp(values: Values<'worker'>, chosen: Chosen, findings: Findings): HttpSettings {
  const setting = chosen.get('listeners')!;
  const enabled = values['http.enabled'];
  const old = chosen.has('rest.host.name') || chosen.has('rest.port');
  if (setting.source === 'default' && old) {
    return { enabled, host: values['rest.host.name'] ?? '', port: values['rest.port'] ?? 8083 };
  }
  const listener = firstListener(values.listeners);
  if (!listener) {
    const https = /(^|,)\s*https:/i.test(setting.value);
    findings.problems.push({
      where: setting.source,
      key: 'listeners',
      problem: https ? 'HTTPS is not served in this release' : 'bad value',
      expected: allowed(specOf('listeners').schema),
      found: shown(setting),
    });
  } else if (values.listeners.length > 1) {
    findings.warnings.push(
      `listeners (${setting.source}) has several addresses: only the first http:// one is used`,
    );
  }
  return { enabled, host: listener?.host ?? '', port: listener?.port ?? 8083 };
}

// --- internal ---

/** The first that is served; undefined when none is. */
function firstListener(listeners: readonly string[]): ReturnType<typeof parseListener> {
  return listeners.map(parseListener).find(listener => listener?.scheme === 'http');
}
