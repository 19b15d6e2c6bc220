// The worker's settings: what the process has once, and the values that its connectors share.

import { readHttp } from './http.ts';
import type { Values } from './keys.ts';
import type { WorkerSettings } from './settings.ts';
import type { Findings, Setting } from './value/entry.ts';
import { type Chosen, readValues } from './values.ts';

export interface WorkerReading {
  settings: WorkerSettings;
  values: Values<'worker'>;
  chosen: Chosen;
}

/**
 * @param connectors how many there are: the failure of a single one is the end of the process
 */
export function readWorker(
  settings: ReadonlyMap<string, Setting>,
  unresolved: ReadonlySet<string>,
  connectors: number,
  findings: Findings,
): WorkerReading {
  const { values, chosen } = readValues('worker', settings, unresolved, findings);
  const http = readHttp(values, chosen, findings);
  const onFailure = values['on.failure'] ?? (connectors > 1 ? 'continue' : 'stop');
  if (!chosen.has('on.failure'))
    chosen.set('on.failure', { key: 'on.failure', value: onFailure, source: 'default', secret: false });
  return { settings: { http, onFailure }, values, chosen };
}
