// What the process tells over HTTP: alive, ready, healthy, and its metrics. Read only, and nothing secret.

import { SinkError } from '../errors.ts';
import type { ConnectorSnapshot } from '../observe/snapshot.ts';
import { missingChecks, renderHealth } from './health-page.ts';
import { renderStatusPage } from './status-page.ts';

export interface HttpOptions {
  /** Address to bind; empty for all. */
  host: string;
  port: number;
  version: string;
  /** The state of all connectors, at least one. */
  connectors: () => ConnectorSnapshot[];
  metrics: { readonly contentType: string; render(): Promise<string> };
}

export interface HttpServer {
  /** The port that is bound: `port`, or the one the system chose for 0. */
  readonly port: number;
  /** `http://host:port` as a person on this machine would open it. */
  readonly url: string;
  /** Stops listening; answers under way have half a second to be finished, then every connection is closed. */
  stop(): Promise<void>;
}

/**
 * Serves `/`, `/livez`, `/readyz`, `/healthz` and `/metrics`.
 * @throws SinkError HTTP_ADDRESS_IN_USE or HTTP_ADDRESS_INVALID
 */
export function serveHttp(options: HttpOptions): HttpServer {
  const server = listen(options);
  const port = server.port ?? options.port;
  return { port, url: localUrl(options.host, port), stop: () => stop(server) };
}

/** `http://host:port` under which a server bound to `host` is reached from its own machine. */
export function localUrl(host: string, port: number): string {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare === '' || bare === '0.0.0.0' || bare === '*') return `http://localhost:${port}`;
  if (bare === '::') return `http://[::1]:${port}`;
  return `http://${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}

/** The answer to one request; exported for tests without a socket. */
export async function respond(request: Request, options: HttpOptions): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname;
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) {
    return plain(404, `Nothing here. There is ${Object.keys(PAGES).join(', ')}.\n`);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const refused = plain(405, 'Only GET and HEAD.\n');
    refused.headers.set('allow', 'GET, HEAD');
    return refused;
  }
  return await page(options);
}

// --- internal ---

const FINISH_MS = 500;

/** Bun waits for every open request: half a request, or an answer that nobody reads, would hold up the sink's end. */
async function stop(server: ReturnType<typeof listen>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<true>(resolve => {
    timer = setTimeout(() => resolve(true), FINISH_MS);
  });
  if (await Promise.race([server.stop(), late])) await server.stop(true);
  clearTimeout(timer);
}

const PAGES: Record<string, (options: HttpOptions) => Response | Promise<Response>> = {
  '/': options => {
    const page = renderStatusPage(options);
    return reply(200, 'text/html; charset=utf-8', page);
  },
  '/livez': () => plain(200, 'alive\n'),
  '/readyz': ({ connectors }) => {
    const missing = missingChecks(connectors());
    return missing.length === 0 ? plain(200, 'ready\n') : plain(503, missing.join(''));
  },
  '/healthz': ({ connectors, version }) => {
    const all = connectors();
    const ready = all.every(one => one.ready);
    return reply(ready ? 200 : 503, 'application/json; charset=utf-8', renderHealth(all, version));
  },
  '/metrics': async ({ metrics }) => reply(200, metrics.contentType, await metrics.render()),
};

function listen(options: HttpOptions) {
  const where = `${options.host || '*'}:${options.port}`;
  try {
    return Bun.serve({
      // Bun takes an undefined host for "all addresses", IPv6 included.
      ...(options.host === '' ? {} : { hostname: options.host.replace(/^\[|\]$/g, '') }),
      port: options.port,
      development: false,
      // Without development, Bun lets a second process share the port: two sinks would answer in turn.
      reusePort: false,
      // Nothing that is served here has a body to read.
      maxRequestBodySize: 1024,
      fetch: request => respond(request, options),
      error: () => plain(500, 'This page could not be made; the log may say why.\n'),
    });
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? '';
    if (code === 'EADDRINUSE') {
      throw new SinkError('HTTP_ADDRESS_IN_USE', 'another process listens there already', {
        where,
        fix: `Choose another port with listeners=http://:${options.port + 1} in the worker's file (or --set listeners=http://:${options.port + 1}), or serve nothing with http.enabled=false.`,
        cause,
      });
    }
    throw new SinkError('HTTP_ADDRESS_INVALID', 'this address cannot be listened on', {
      where,
      expected: 'an address of this machine and a port that this user may bind',
      found: code || String(cause),
      fix: 'Change listeners (for example listeners=http://:8083), or serve nothing with http.enabled=false.',
      cause,
    });
  }
}

function plain(status: number, text: string): Response {
  return reply(status, 'text/plain; charset=utf-8', text);
}

/** Probes and scrapes want the present, not a proxy's memory of it. */
function reply(status: number, type: string, body: string): Response {
  return new Response(body, {
    status,
    headers: { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
  });
}
