// The page at `/`: what runs here and whether it is well, for a person with a browser or curl.

import type { Health } from '../observe/health.ts';

export interface StatusPageOptions {
  name: string;
  version: string;
  health: Health;
  about?: Readonly<Record<string, string>>;
}

/** A small HTML page without script, styles from elsewhere or secrets. */
export function renderStatusPage(options: StatusPageOptions): string {
  const { name, version, health, about = {} } = options;
  const checks = Object.entries(health.snapshot()).map(
    ([check, { ok, detail }]) =>
      `<tr><th>${escapeHtml(check)}</th><td>${ok ? 'ok' : 'waiting'}</td><td>${escapeHtml(detail)}</td></tr>`,
  );
  const facts = Object.entries(about).map(
    ([what, value]) => `<tr><th>${escapeHtml(what)}</th><td colspan="2">${escapeHtml(value)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(name)} · milvus-sink</title>
<style>body{font:16px system-ui,sans-serif;margin:2rem;max-width:60rem}th{text-align:left}td,th{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>
<h1>${escapeHtml(name)}: ${health.ready ? 'ready' : 'not ready'}</h1>
<table>
${[...checks, ...facts].join('\n')}
</table>
<p><a href="/metrics">/metrics</a> <a href="/healthz">/healthz</a> <a href="/readyz">/readyz</a> <a href="/livez">/livez</a></p>
<p>milvus-sink ${escapeHtml(version)}</p>
</html>
`;
}

// --- internal ---

function escapeHtml(text: string): string {
  return Bun.escapeHTML(text);
}
