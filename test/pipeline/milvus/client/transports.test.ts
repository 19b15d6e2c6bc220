// What both transports promise: the same answers and failures, from grpc-go's server and from proxies.
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { type GrpcCall, GrpcServer } from '../../../../scripts/stack/grpc-server.ts';
import { channelOptions } from '../../../../src/milvus/client/channel.ts';
import { openGrpcJsChannel } from '../../../../src/milvus/client/grpc-js-channel.ts';
import { openNativeChannel } from '../../../../src/milvus/client/native-channel.ts';
import type { UnaryChannel } from '../../../../src/milvus/client/unary.ts';
import { FakeMilvus } from '../../../support/fake-milvus.ts';
import { grpcGoLacks, startGrpcGo } from '../../../support/grpc-go.ts';
import { openedByTests } from '../../../support/opened.ts';
import {
  data,
  END_STREAM,
  headers,
  message,
  RawServer,
  RESPONSE,
  trailersOnly,
} from '../../../support/raw-http2.ts';
import { tlsFile } from './connect.ts';

setDefaultTimeout(20_000);

const open = openedByTests();

const METADATA: [string, string][] = [
  ['authorization', 'c2VjcmV0'],
  ['dbname', 'default'],
];
const settings = (
  await FakeMilvus.start().then(async fake => {
    await fake.stop();
    return fake;
  })
).settings('c');

const TRANSPORTS: Record<string, (port: number) => UnaryChannel> = {
  native: port =>
    openNativeChannel({ host: '127.0.0.1', port, authority: `127.0.0.1:${port}`, metadata: METADATA.flat() }),
  'grpc-js': port => {
    const metadata = new grpc.Metadata();
    for (const [name, value] of METADATA) metadata.set(name, value);
    const channel = new grpc.Channel(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      channelOptions(settings),
    );
    open.push({ close: () => channel.close() });
    return openGrpcJsChannel(channel, metadata);
  },
};

function channelTo(transport: string, { port }: { port: number }): UnaryChannel {
  const channel = TRANSPORTS[transport]!(port);
  open.push(channel);
  return channel;
}

const lacks = grpcGoLacks();
const call = (channel: UnaryChannel, how: string, body: Uint8Array = Buffer.alloc(0), timeoutMs = 10_000) =>
  channel.call(`/test.Server/${how}`, body, { timeoutMs });

describe.each(Object.keys(TRANSPORTS))('%s', transport => {
  describe.skipIf(lacks !== undefined)(`grpc-go's server${lacks ? ` (${lacks})` : ''}`, () => {
    const start = async () => {
      const server = await startGrpcGo();
      open.push(server);
      return channelTo(transport, server);
    };

    test('bodies of any size go there and back', async () => {
      const channel = await start();
      for (const size of [0, 1, 5000, 70_000, 3_000_000]) {
        const body = Buffer.alloc(size, 'abcdefghijk');
        expect(await call(channel, 'Echo', body)).toEqual({ body });
      }
    });

    test('more calls than it takes streams are all answered', async () => {
      const channel = await start();
      const bodies = Array.from({ length: 50 }, (_, i) => Buffer.from(`${i} ${'x'.repeat(i * 500)}`));
      const answers = await Promise.all(bodies.map(body => call(channel, 'Echo', body)));
      expect(answers).toEqual(bodies.map(body => ({ body })));
    });

    test('its refusals arrive with their words', async () => {
      expect(await call(await start(), 'Fail')).toMatchObject({
        failure: { label: 'grpc_resource_exhausted', reason: 'zu viel: 100 % €' },
      });
    });

    test('it knows the deadline', async () => {
      const answer = await call(await start(), 'Limit', undefined, 5000);
      if (!('body' in answer)) throw new Error(answer.failure.reason);
      const limit = Number(answer.body.toString());
      expect(limit).toBeGreaterThan(0);
      expect(limit).toBeLessThanOrEqual(5000);
    });

    test('it is told when a call is given up, by a signal or at the deadline', async () => {
      const channel = await start();
      const abort = new AbortController();
      const waiting = channel.call('/test.Server/Wait', Buffer.alloc(0), {
        timeoutMs: 60_000,
        signal: abort.signal,
      });
      expect(await call(channel, 'Echo', Buffer.from('x'))).toEqual({ body: Buffer.from('x') });
      abort.abort();
      expect(await waiting).toMatchObject({ failure: { label: 'grpc_cancelled' } });
      expect(await call(channel, 'Wait', undefined, 200)).toMatchObject({
        failure: { label: 'grpc_deadline_exceeded' },
      });
      for (let given = 0; given < 2; ) {
        const answer = await call(channel, 'Given');
        if ('body' in answer) given = Number(answer.body.toString());
      }
    });

    test('when it drains, what is under way is answered', async () => {
      const channel = await start();
      const answers = await Promise.all([
        call(channel, 'Echo', Buffer.from('a')),
        call(channel, 'Drain', Buffer.from('b')),
      ]);
      expect(answers.map(answer => 'body' in answer && answer.body.toString())).toEqual(['a', 'b']);
      let last = await call(channel, 'Echo');
      while ('body' in last) last = await call(channel, 'Echo');
      expect(last).toMatchObject({ failure: { label: 'grpc_unavailable' } });
    });
  });

  test.each([
    ['400', 'http_other', 'retry'],
    ['401', 'not_authenticated', 'refused'],
    ['403', 'not_permitted', 'refused'],
    ['404', 'http_404', 'retry'],
    ['429', 'http_429', 'overloaded'],
    ['500', 'http_500', 'retry'],
    ['502', 'http_502', 'retry'],
    ['503', 'http_503', 'retry'],
    ['504', 'http_504', 'retry'],
  ])("a proxy's %s, with and without a page", async (status, label, kind) => {
    let page = true;
    const server = await RawServer.start({
      onRequest: (c, stream) => {
        const head: [string, string][] = [
          [':status', status],
          ['content-type', 'text/html'],
        ];
        if (page) c.send(headers(stream, head), data(stream, Buffer.from('<html>no</html>'), END_STREAM));
        else c.send(headers(stream, head, END_STREAM));
      },
    });
    open.push(server);
    const channel = channelTo(transport, server);
    for (page of [true, false]) {
      expect(await call(channel, 'Upsert')).toMatchObject({ failure: { label, kind } });
    }
  });

  test('what a call brings: token, database, type, deadline, and that trailers are understood', async () => {
    let brought: GrpcCall['headers'] = {};
    const server = await GrpcServer.start({
      handle: ({ headers }) => {
        brought = headers;
        return { kind: 'message', body: Buffer.from('x') };
      },
    });
    open.push(server);
    expect(await call(channelTo(transport, server), 'GetVersion')).toEqual({ body: Buffer.from('x') });
    expect({ ...brought }).toMatchObject({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/test.Server/GetVersion',
      ':authority': server.address,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': expect.stringMatching(/^\d{1,8}[mS]$/),
      'user-agent': expect.stringContaining('/'),
      authorization: 'c2VjcmV0',
      dbname: 'default',
    });
  });

  test.each([1, 2, 3, 5, 6, 8, 9, 10, 13, 14, 16])(
    "gRPC's status %d, with a message before it or without",
    async status => {
      let before = false;
      const server = await RawServer.start({
        onRequest: (c, stream) => {
          if (!before) return c.send(trailersOnly(stream, String(status), 'its words'));
          const trailers: [string, string][] = [
            ['grpc-status', String(status)],
            ['grpc-message', 'its words'],
          ];
          c.send(
            headers(stream, RESPONSE),
            data(stream, message(Buffer.from('x'))),
            headers(stream, trailers, END_STREAM),
          );
        },
      });
      open.push(server);
      const channel = channelTo(transport, server);
      for (before of [false, true]) {
        expect(await call(channel, 'Upsert')).toMatchObject({ failure: { reason: 'its words' } });
      }
    },
  );

  test('a secret that travels with every call is in no failure', async () => {
    const server = await RawServer.start({ onRequest: c => void c.socket.destroy() });
    open.push(server);
    const answer = await call(channelTo(transport, server), 'Upsert');
    expect(Bun.inspect(answer)).not.toContain('c2VjcmV0');
  });
});

test.skipIf(lacks !== undefined)("grpc-go's server over TLS, natively", async () => {
  const server = await startGrpcGo(tlsFile('server.pem'), tlsFile('server.key'));
  open.push(server);
  const channel = openNativeChannel({
    host: '127.0.0.1',
    port: server.port,
    authority: 'a',
    metadata: [],
    tls: { roots: readFileSync(tlsFile('ca.pem'), 'utf8'), name: 'milvus.test' },
  });
  open.push(channel);
  const body = Buffer.alloc(2_000_000, 'xyz');
  expect(await call(channel, 'Echo', body)).toEqual({ body });
  expect(await call(channel, 'Large', Buffer.from('9000000'))).toMatchObject({ body: { length: 9_000_000 } });
});
