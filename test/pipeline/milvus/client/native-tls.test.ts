// TLS by the native HTTP/2 client: whom it trusts, which names it takes, and what it says when it does not.
import { afterEach, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { type NativeTarget, openNativeChannel } from '../../../../src/milvus/client/native-channel.ts';
import type { UnaryAnswer } from '../../../../src/milvus/client/unary.ts';
import { RawServer, settings, windowUpdate } from '../../../support/raw-http2.ts';
import { tlsFile } from './connect.ts';

const open: { close?(): void; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    one.close?.();
    await one.stop?.();
  }
});

const pem = (name: string) => readFileSync(tlsFile(name), 'utf8');
const roots = pem('ca.pem');
const WELL = { body: Buffer.from('yes') };

type TlsTexts = NonNullable<NativeTarget['tls']>;

async function ask(
  options: TlsOptions | undefined,
  tls: TlsTexts,
  body = Buffer.from('x'),
): Promise<UnaryAnswer> {
  const greeting = Buffer.concat([settings([4, 0x7fffffff]), windowUpdate(0, 0x7fff0000)]);
  const server = await RawServer.start({ greeting, ...(options ? { tls: options } : {}) });
  open.push(server);
  const { port } = server;
  const channel = openNativeChannel({ host: '127.0.0.1', port, authority: 'milvus.test', metadata: [], tls });
  open.push(channel);
  const answer = await channel.call('/a/b', body, { timeoutMs: 5000 });
  if ('body' in answer) expect(server.last.body(1).subarray(5).equals(body)).toBe(true);
  return answer;
}

const certificate = (name: 'server' | 'named' | 'self-signed' | 'expired'): TlsOptions => ({
  key: pem(`${name}.key`),
  cert: pem(`${name}.pem`),
  ALPNProtocols: ['h2'],
});

function refusal(answer: UnaryAnswer): { label: string; reason: string; fix: string } {
  if ('body' in answer) throw new Error('it was expected to be refused');
  return answer.failure;
}

test('a private authority and a name', async () => {
  expect(await ask(certificate('named'), { roots, name: 'milvus.test' })).toEqual(WELL);
});

test('an IP address that the certificate names', async () => {
  expect(await ask(certificate('server'), { roots, name: '127.0.0.1' })).toEqual(WELL);
});

test('large bodies arrive as they are', async () => {
  const body = Buffer.alloc(3_000_001);
  for (let i = 0; i < body.length; i++) body[i] = (i * 31 + (i >> 9)) & 255;
  expect(await ask(certificate('server'), { roots, name: '127.0.0.1' }, body)).toEqual(WELL);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', async version => {
  const options = { ...certificate('server'), minVersion: version, maxVersion: version };
  expect(await ask(options, { roots, name: '127.0.0.1' })).toEqual(WELL);
});

test('the server is told the name, and no IP address', async () => {
  for (const [name, told] of [
    ['milvus.test', 'milvus.test'],
    ['127.0.0.1', false],
  ] as const) {
    const server = await RawServer.start({ tls: certificate('server') });
    open.push(server);
    const channel = openNativeChannel({
      host: '127.0.0.1',
      port: server.port,
      authority: 'a',
      metadata: [],
      tls: { roots, name },
    });
    open.push(channel);
    expect(await channel.call('/a/b', Buffer.from('x'), { timeoutMs: 5000 })).toEqual(WELL);
    const { servername } = server.last.socket as unknown as { servername: string | false };
    expect(servername || false).toBe(told);
  }
});

test.each([
  ['another name', 'named', 'other.test', /hostname mismatch.*other\.test/],
  ['an IP address that it does not name', 'named', '127.0.0.1', /IP address mismatch.*127\.0\.0\.1/],
] as const)('%s is refused, and named', async (_, cert, name, words) => {
  const { label, reason } = refusal(await ask(certificate(cert), { roots, name }));
  expect(label).toBe('tls');
  expect(reason).toMatch(words);
});

test('an unknown authority is refused, and what to do said', async () => {
  const { label, fix } = refusal(
    await ask(certificate('server'), { roots: pem('client.pem'), name: '127.0.0.1' }),
  );
  expect(label).toBe('tls');
  expect(fix).toContain('`milvus.tls.ca.location`');
});

test('a self-signed certificate: refused by default, taken when it is the one that is trusted', async () => {
  const options = certificate('self-signed');
  const refused = refusal(await ask(options, { roots, name: 'milvus.test' }));
  expect(refused.label).toBe('tls');
  expect(refused.fix).toContain('`milvus.tls.ca.location`');
  expect(await ask(options, { roots: pem('self-signed.pem'), name: 'milvus.test' })).toEqual(WELL);
});

test('an expired certificate is refused, and called so', async () => {
  const { label, reason } = refusal(
    await ask(certificate('expired'), { roots: pem('expired.pem'), name: 'milvus.test' }),
  );
  expect(label).toBe('tls');
  expect(reason).toContain('expired');
});

test('mutual TLS: with the certificate it works, without it the refusal is said', async () => {
  const options = { ...certificate('server'), ca: roots, requestCert: true, rejectUnauthorized: true };
  const own = { certificate: pem('client.pem'), key: pem('client.key') };
  expect(await ask(options, { roots, name: '127.0.0.1', ...own })).toEqual(WELL);
  expect(refusal(await ask(options, { roots, name: '127.0.0.1' })).label).toMatch(/^(tls|grpc_unavailable)$/);
});

test('a server without TLS is called one', async () => {
  const { label, fix } = refusal(await ask(undefined, { roots, name: '127.0.0.1' }));
  expect(label).toBe('tls');
  expect(fix).toContain('http://');
});

test.each([
  ['speaks HTTP/1.1 only', ['http/1.1']],
  ['knows no ALPN', undefined],
])('a server that agrees on no HTTP/2 is refused: it %s', async (_, protocols) => {
  const { ALPNProtocols: _h2, ...rest } = certificate('server');
  const options = protocols ? { ...rest, ALPNProtocols: protocols } : rest;
  const { label, reason } = refusal(await ask(options, { roots, name: '127.0.0.1' }));
  expect(label).toBe('tls');
  expect(reason).toMatch(/^TLS: .*(ALPN|application protocol)/);
});

test.each([
  ['no PEM at all', { roots: 'hello' }, /authorities/],
  ['half a certificate', { roots: roots.slice(0, 300) }, /authorities/],
  [
    'a key of another certificate',
    { certificate: pem('client.pem'), key: pem('server.key') },
    /client certificate/,
  ],
  [
    'an encrypted key: nobody is asked for its password',
    { certificate: pem('client.pem'), key: pem('client-encrypted.key') },
    /client certificate's key/,
  ],
  ['a certificate without its key', { certificate: pem('client.pem') }, /client certificate's key/],
])('texts that cannot be used are refused before anything is connected: %s', (_, texts, words) => {
  const target = { host: '127.0.0.1', port: 1, authority: 'a', metadata: [] };
  expect(() => openNativeChannel({ ...target, tls: { roots, name: 'a', ...texts } })).toThrow(words);
});
