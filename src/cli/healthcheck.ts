// `milvus-sink healthcheck`: asks a running sink whether it lives, for containers that have no curl.

import { request } from 'node:http';
import { SinkError } from '../errors.ts';
import type { CommandLine } from './args.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** The answer of a sink has to come within this time, ms; Docker's own default is 30 s. */
const TIMEOUT_MS = 5000;

export default async function healthcheck(
  { options, files, set }: CommandLine,
  terminal: Terminal,
): Promise<ExitCode> {
  const base = typeof options.url === 'string' ? options.url : await configuredUrl(files, set);
  const url = targetUrl(base, options.ready === true);
  const { status, body } = await ask(url);
  terminal.out(body.trim());
  return status === 200 ? EXIT.stopped : EXIT.configuration;
}

/**
 * The page to ask: the given one when it names a path, else `/livez` or `/readyz` of that server.
 * @throws SinkError ARGUMENT_INVALID, exit code 1
 */
export function targetUrl(base: string, ready: boolean): URL {
  const text = /^[a-z]+:\/\//i.test(base) ? base : `http://${base}`;
  if (!URL.canParse(text) || !text.toLowerCase().startsWith('http://')) {
    throw new SinkError('ARGUMENT_INVALID', '--url is no address of a sink', {
      expected: 'http://host:port',
      found: base,
    });
  }
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = ready ? '/readyz' : '/livez';
  return url;
}

// --- internal ---

async function configuredUrl(files: readonly string[], set: readonly string[]): Promise<string> {
  const { localUrl } = await import('../serve/http.ts');
  if (files.length === 0) return localUrl('', 8083);
  const { readHttpSettings } = await import('../config/read.ts');
  const http = readHttpSettings(files, set);
  if (!http.enabled) {
    throw new SinkError('HTTP_DISABLED', 'this sink serves nothing to ask', {
      found: 'http.enabled=false',
      fix: 'Remove http.enabled, or check the process itself',
    });
  }
  return localUrl(http.host, http.port);
}

/** node:http, since fetch would go through a proxy that the environment names. */
function ask(url: URL): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (found: string) =>
      reject(
        new SinkError('HEALTHCHECK_FAILED', 'the sink does not answer', {
          where: url.href,
          found,
          fix: 'Is it running, and is this its address (listeners)?',
        }),
      );
    const call = request(url, { timeout: TIMEOUT_MS, agent: false }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', error => fail(error.message));
    });
    call.on('timeout', () => {
      fail(`no answer within ${TIMEOUT_MS / 1000} s`);
      call.destroy();
    });
    call.on('error', error => fail((error as NodeJS.ErrnoException).code ?? error.message));
    call.end();
  });
}
