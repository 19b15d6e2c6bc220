// The page at `/`: what runs here and whether it is well, for a person with a browser or curl.

import type { ConnectorSnapshot } from '../observe/snapshot.ts';

export interface StatusPageOptions {
  version: string;
  connectors: () => ConnectorSnapshot[];
}

/** A small HTML page without script, styles from elsewhere or secrets. */
export function renderStatusPage({ version, connectors }: StatusPageOptions): string {
  const all = connectors();
  const title = all.map(({ name }) => escapeHtml(name)).join(', ');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title} · milvus-sink</title>
<style>body{font:16px system-ui,sans-serif;margin:2rem;max-width:60rem}th{text-align:left}td,th{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>
${all.map(renderConnector).join('\n')}
<p><a href="/metrics">/metrics</a> <a href="/healthz">/healthz</a> <a href="/readyz">/readyz</a> <a href="/livez">/livez</a></p>
<p>milvus-sink ${escapeHtml(version)}</p>
</html>
`;
}

// --- internal ---

function renderConnector({ name, state, ready, checks, about }: ConnectorSnapshot): string {
  const ended = state === 'FAILED' || state === 'STOPPED';
  const lines = Object.entries(checks).map(
    ([check, { ok, detail }]) =>
      `<tr><th>${escapeHtml(check)}</th><td>${ok ? 'ok' : ended ? 'ended' : 'waiting'}</td><td>${escapeHtml(detail)}</td></tr>`,
  );
  const facts = Object.entries(about).map(
    ([what, value]) => `<tr><th>${escapeHtml(what)}</th><td colspan="2">${escapeHtml(value)}</td></tr>`,
  );
  const health = state === 'FAILED' ? 'failed' : ready ? 'ready' : 'not ready';
  return `<h1>${escapeHtml(name)}: ${health}</h1>
<table>
${[...lines, ...facts].join('\n')}
</table>`;
}

function escapeHtml(text: string): string {
  return Bun.escapeHTML(text);
}
