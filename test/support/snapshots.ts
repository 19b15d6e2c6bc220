// Connectors as a server sees them, made by hand.
import { Health } from '../../src/observe/health.ts';
import type { ConnectorSnapshot } from '../../src/observe/snapshot.ts';

/** A connector that is starting, with the state of `health`. */
export function connectorSnapshot(
  more: Partial<ConnectorSnapshot> = {},
  health: Health = new Health(),
): ConnectorSnapshot {
  return {
    name: 'n',
    state: 'RUNNING',
    ready: health.ready,
    checks: health.snapshot(),
    bufferedRows: 0,
    bufferedBytes: 0,
    requestsInFlight: 0,
    requestLimit: 1,
    tasks: [],
    about: {},
    ...more,
  };
}
