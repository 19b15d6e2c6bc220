// What /healthz and /readyz say: a line for each connector and check.
import type { ConnectorSnapshot } from '../observe/snapshot.ts';

/** The checks that fail, a line each with its end; with several connectors each line names its own. */
export function missingChecks(connectors: readonly ConnectorSnapshot[]): string[] {
  return connectors.flatMap(({ name, state, checks }) =>
    Object.entries(checks)
      // Of one that has failed the reason counts; the others have merely stopped.
      .filter(([check, { ok }]) => !ok && (state !== 'FAILED' || check === 'pipeline'))
      .map(([check, { detail }]) => {
        const place = connectors.length > 1 ? `${name}: ${check}` : check;
        return `not ready: ${place}: ${detail}\n`;
      }),
  );
}

/** JSON in which each check has a line of its own. */
export function renderHealth(connectors: readonly ConnectorSnapshot[], version: string): string {
  const status = connectors.every(({ ready }) => ready) ? 'ok' : 'failing';
  const blocks = connectors.map(({ name, state, reason, checks }) => {
    const lines = Object.entries(checks).map(
      ([check, detail]) => `        ${JSON.stringify(check)}: ${JSON.stringify(detail)}`,
    );
    const about = { name, state, ...(reason !== undefined && { reason }) };
    const head = Object.entries(about).map(
      ([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    );
    return `    {\n${head.join(',\n')},\n      "checks": {\n${lines.join(',\n')}\n      }\n    }`;
  });
  return `{\n  "status": ${JSON.stringify(status)},\n  "version": ${JSON.stringify(version)},\n  "connectors": [\n${blocks.join(',\n')}\n  ]\n}\n`;
}
