// The native HTTP/2 client against a server that does what no server should. Whatever comes, a call ends with a failure
// that says what happened, and the next one is served.
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import type { Failure } from '../../../../src/milvus/client/failure.ts';
import { type NativeTarget, openNativeChannel } from '../../../../src/milvus/client/native-channel.ts';
import type { UnaryAnswer, UnaryChannel } from '../../../../src/milvus/client/unary.ts';
import { openedByTests } from '../../../support/opened.ts';
import {
  data,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  goaway,
  goodAnswer,
  headers,
  message,
  number32,
  RawServer,
  type RawServerOptions,
  RESPONSE,
  reset,
  settings,
  TYPE,
  trailersOnly,
  windowUpdate,
} from '../../../support/raw-http2.ts';

setDefaultTimeout(20_000);

const open = openedByTests();

const PATH = '/milvus.proto.milvus.MilvusService/Upsert';
const BODY = Buffer.from('a request');

async function serve(options: RawServerOptions = {}): Promise<RawServer> {
  const server = await RawServer.start(options);
  open.push(server);
  return server;
}

function channelTo(server: { port: number }, more: Partial<NativeTarget> = {}): UnaryChannel {
  const { port } = server;
  const channel = openNativeChannel({
    host: '127.0.0.1',
    port,
    authority: `127.0.0.1:${port}`,
    metadata: [],
    ...more,
  });
  open.push(channel);
  return channel;
}

const call = (channel: UnaryChannel, timeoutMs = 10_000) => channel.call(PATH, BODY, { timeoutMs });

function failureOf(answer: UnaryAnswer): Failure {
  if ('body' in answer) throw new Error('the call was expected to fail');
  return answer.failure;
}

/** To be answered well once more, whatever was before. */
async function stillServes(server: RawServer, channel: UnaryChannel): Promise<void> {
  delete server.options.onRequest;
  delete server.options.onConnection;
  server.options.greeting = settings();
  let answer = await call(channel);
  // A connection that is just ending, or a pause before the next attempt.
  while ('failure' in answer && answer.failure.label === 'grpc_unavailable') {
    await Bun.sleep(10);
    answer = await call(channel);
  }
  expect(answer).toEqual({ body: Buffer.from('yes') });
}

const many = (count: number, one: Buffer) => Buffer.concat(Array.from({ length: count }, () => one));
/** 200 bytes at a time into one block. */
const longHeaders = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, i) => [`x-${i}`, 'v'.repeat(200)]);

describe('an answer that is wrong', () => {
  const cases: [string, (stream: number) => Buffer, string, RegExp][] = [
    [
      'a frame of a size that is not allowed',
      s => frame(TYPE.HEADERS, END_HEADERS, s, Buffer.alloc(20_000)),
      'grpc_unavailable',
      /frame.size/i,
    ],
    ['DATA on a stream that nobody opened', () => data(99, BODY), 'grpc_unavailable', /protocol.error/i],
    ['DATA before the headers', s => data(s, message(BODY)), 'grpc_unavailable', /protocol.error/i],
    ['HEADERS on stream 0', () => headers(0, RESPONSE), 'grpc_unavailable', /protocol.error/i],
    [
      'a PUSH_PROMISE',
      s => frame(TYPE.PUSH_PROMISE, END_HEADERS, s, Buffer.concat([number32(2), fields([':path', '/'])])),
      'grpc_unavailable',
      /protocol.error/i,
    ],
    ['a PING of 7 bytes', () => frame(TYPE.PING, 0, 0, Buffer.alloc(7)), 'grpc_unavailable', /frame.size/i],
    ['a WINDOW_UPDATE by 0', () => windowUpdate(0, 0), 'grpc_unavailable', /protocol.error/i],
    ['a window beyond 2^31', () => many(2, windowUpdate(0, 0x7fffffff)), 'grpc_unavailable', /flow.control/i],
    ['settings that are not allowed', () => settings([4, 0xffffffff]), 'grpc_unavailable', /flow.control/i],
    [
      'HPACK that is none',
      s => frame(TYPE.HEADERS, END_HEADERS, s, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff)),
      'grpc_unavailable',
      /compress/i,
    ],
    [
      'a CONTINUATION without its HEADERS',
      s => frame(TYPE.CONTINUATION, END_HEADERS, s, fields(...RESPONSE)),
      'grpc_unavailable',
      /protocol.error/i,
    ],
    [
      'headers without :status',
      s => headers(s, [['content-type', 'application/grpc']]),
      'grpc_internal',
      /broke HTTP\/2/,
    ],
    ['upper case in a name', s => headers(s, [...RESPONSE, ['X-Y', 'z']]), 'grpc_internal', /broke HTTP\/2/],
    [
      'trailers that do not end the stream',
      s => Buffer.concat([headers(s, RESPONSE), data(s, message(BODY)), headers(s, [['grpc-status', '0']])]),
      'grpc_internal',
      /broke HTTP\/2/,
    ],
    [
      'data without trailers',
      s => Buffer.concat([headers(s, RESPONSE), data(s, message(BODY), END_STREAM)]),
      'grpc_internal',
      /without gRPC status/,
    ],
    [
      'trailers without a status',
      s =>
        Buffer.concat([headers(s, RESPONSE), data(s, message(BODY)), headers(s, [['x', 'y']], END_STREAM)]),
      'http_other',
      /HTTP status code 200/,
    ],
    ['a status that is no number', s => trailersOnly(s, 'fine', ''), 'grpc_2', /"?fine"?/],
    ['a status beyond all', s => trailersOnly(s, '99999999999999999999', ''), 'grpc_2', /no number/],
    [
      'no message',
      s => headers(s, [...RESPONSE, ['grpc-status', '0']], END_STREAM),
      'no_message',
      /no message/,
    ],
    [
      'half a message',
      s =>
        Buffer.concat([
          headers(s, RESPONSE),
          data(s, message(BODY).subarray(0, 8)),
          headers(s, [['grpc-status', '0']], END_STREAM),
        ]),
      'grpc_internal',
      /incomplete/,
    ],
    [
      'two messages',
      s =>
        Buffer.concat([
          headers(s, RESPONSE),
          data(s, many(2, message(BODY))),
          headers(s, [['grpc-status', '0']], END_STREAM),
        ]),
      'grpc_internal',
      /more than one/,
    ],
    [
      'a compressed message',
      s => Buffer.concat([headers(s, RESPONSE), data(s, message(BODY, 1))]),
      'grpc_internal',
      /compressed/,
    ],
    [
      'a message that announces 4 GiB',
      s => Buffer.concat([headers(s, RESPONSE), data(s, Buffer.of(0, 255, 255, 255, 255, 1))]),
      'message_too_large',
      /larger than max/,
    ],
    [
      'a page in place of gRPC',
      s =>
        Buffer.concat([
          headers(s, [
            [':status', '200'],
            ['content-type', 'text/html'],
          ]),
          data(s, Buffer.from('<html>hello</html>'), END_STREAM),
        ]),
      'http_other',
      /content-type/,
    ],
    [
      'headers of 200 kB in CONTINUATIONs',
      s =>
        Buffer.concat([
          frame(TYPE.HEADERS, 0, s, fields(...RESPONSE)),
          ...Array.from({ length: 7 }, (_, i) =>
            frame(TYPE.CONTINUATION, i === 6 ? END_HEADERS : 0, s, fields(...longHeaders(70))),
          ),
        ]),
      'grpc_resource_exhausted',
      /65536/,
    ],
    [
      'CONTINUATIONs without end',
      s =>
        Buffer.concat([
          frame(TYPE.HEADERS, 0, s, fields(...RESPONSE)),
          many(5000, frame(TYPE.CONTINUATION, 0, s, fields(['a', 'b']))),
        ]),
      'grpc_unavailable',
      /./,
    ],
    [
      'a few bytes that unpack to megabytes',
      // 4000 bytes into the dynamic table, then named 12,000 times by a byte each.
      s =>
        Buffer.concat([
          headers(s, RESPONSE),
          frame(
            TYPE.HEADERS,
            END_HEADERS | END_STREAM,
            s,
            Buffer.concat([
              Buffer.of(0x40),
              fields(['x', 'v'.repeat(4000)]).subarray(1),
              Buffer.alloc(12_000, 0xbe),
            ]),
          ),
        ]),
      'grpc_resource_exhausted',
      /65536/,
    ],
    [
      'a hundred thousand PINGs',
      () => many(100_000, frame(TYPE.PING, 0, 0, Buffer.alloc(8))),
      'grpc_unavailable',
      /flood/i,
    ],
    ['a hundred thousand SETTINGS', () => many(100_000, settings([3, 100])), 'grpc_unavailable', /flood/i],
    [
      'a hundred thousand empty DATA frames',
      s => Buffer.concat([headers(s, RESPONSE), many(100_000, data(s, Buffer.alloc(0)))]),
      'grpc_unavailable',
      /flood/i,
    ],
    [
      '1xx answers without end',
      s => many(20_000, headers(s, [[':status', '103']])),
      'grpc_unavailable',
      /flood/i,
    ],
  ];
  test.each(cases)('%s ends the call, and the next one is served', async (_, answer, label, words) => {
    const server = await serve({ onRequest: (c, stream) => c.send(answer(stream)) });
    const channel = channelTo(server);
    const failure = failureOf(await call(channel));
    expect(failure.label).toBe(label);
    expect(failure.reason).toMatch(words);
    await stillServes(server, channel);
  });

  test.each(['a byte', '1xx'])('an answer in many pieces is an answer: %s', async kind => {
    const server = await serve({
      onRequest: (c, stream) => {
        const early = kind === '1xx' ? headers(stream, [[':status', '103']]) : Buffer.alloc(0);
        const whole = Buffer.concat([early, goodAnswer(stream, Buffer.from('piecemeal'))]);
        for (const byte of whole) c.socket.write(Buffer.of(byte));
      },
    });
    expect(await call(channelTo(server))).toEqual({ body: Buffer.from('piecemeal') });
  });

  test('frames that nobody knows are passed over', async () => {
    const unknown = many(100_000, frame(0xee, 0, 0, Buffer.alloc(3)));
    const server = await serve({ onRequest: (c, stream) => c.send(unknown, goodAnswer(stream)) });
    expect(await call(channelTo(server))).toEqual({ body: Buffer.from('yes') });
  });

  test('a message in a thousand frames is one message', async () => {
    const body = Buffer.alloc(100_000, 'abcdefghij');
    const server = await serve({
      onRequest: (c, stream) => {
        const bytes = message(body);
        const parts = Array.from({ length: 1000 }, (_, i) =>
          data(
            stream,
            bytes.subarray(
              Math.floor((i * bytes.length) / 1000),
              Math.floor(((i + 1) * bytes.length) / 1000),
            ),
          ),
        );
        c.send(headers(stream, RESPONSE), ...parts, headers(stream, [['grpc-status', '0']], END_STREAM));
      },
    });
    expect(await call(channelTo(server))).toEqual({ body });
  });

  test("gRPC's words arrive decoded", async () => {
    const server = await serve({
      onRequest: (c, s) => c.send(trailersOnly(s, '5', 'no%20such %E2%82%AC%zz%')),
    });
    expect(failureOf(await call(channelTo(server))).reason).toBe('no such €%zz%');
  });
});

describe('a greeting that is wrong', () => {
  const cases: [string, Buffer, RegExp][] = [
    [
      'HTTP/1.1',
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /Failed to connect: Protocol error: .*https:\/\//,
    ],
    ['a TLS alert', Buffer.of(21, 3, 3, 0, 2, 2, 70, 0, 0, 0), /Failed to connect: Protocol error/],
    ['PING before SETTINGS', frame(TYPE.PING, 0, 0, Buffer.alloc(8)), /Failed to connect: Protocol error/],
    ['noise', Buffer.alloc(1000, 0xa5), /Failed to connect: Protocol error/],
  ];
  test.each(cases)('%s: the call says so, and the next one is served', async (_, greeting, words) => {
    const server = await serve({ greeting });
    const channel = channelTo(server);
    const failure = failureOf(await call(channel));
    expect(failure.label).toBe('grpc_unavailable');
    expect(failure.reason).toMatch(words);
    await stillServes(server, channel);
  });

  test('a server that hangs up at once', async () => {
    const server = await serve({ greeting: Buffer.alloc(0), onConnection: c => void c.socket.end() });
    const channel = channelTo(server);
    expect(failureOf(await call(channel)).reason).toMatch(/^Failed to connect/);
    await stillServes(server, channel);
  });

  test('a server that never says anything is given up, and what it failed with is said', async () => {
    const server = await serve({ greeting: Buffer.alloc(0) });
    const channel = channelTo(server, { connectTimeoutMs: 300 });
    expect(failureOf(await call(channel)).reason).toMatch(/^Failed to connect .*no HTTP\/2 settings/);
    await stillServes(server, channel);
  });

  test('a call does not wait longer for a connection than its deadline', async () => {
    const server = await serve({ greeting: Buffer.alloc(0) });
    const failure = failureOf(await call(channelTo(server), 200));
    expect(failure.label).toBe('grpc_deadline_exceeded');
    expect(failure.reason).toContain('waiting for a connection');
  });
});

describe('a server that ends streams and connections', () => {
  test.each(Array.from({ length: 15 }, (_, code) => [code] as const))(
    'RST_STREAM with code %d',
    async code => {
      const server = await serve({ onRequest: (c, stream) => c.send(reset(stream, code)) });
      const channel = channelTo(server);
      const labels: Record<number, string> = {
        7: 'grpc_unavailable',
        8: 'grpc_cancelled',
        11: 'grpc_resource_exhausted',
        12: 'not_permitted',
      };
      expect(failureOf(await call(channel)).label).toBe(labels[code] ?? 'grpc_internal');
      await stillServes(server, channel);
      expect(server.connections.length).toBe(1);
    },
  );

  test('GOAWAY: what it took is answered, what it did not take fails, the next call has another connection', async () => {
    const server = await serve({ onRequest: () => {} });
    const channel = channelTo(server);
    const calls = [call(channel), call(channel)];
    await server.until(() => server.last?.streams.length === 2);
    const [taken, refused] = server.last.streams as [number, number];
    const first = server.last;
    first.send(goaway(taken, 0));
    expect(failureOf(await calls[1]!)).toMatchObject({
      label: 'grpc_unavailable',
      reason: 'Stream refused by server',
    });
    expect(refused).toBeGreaterThan(taken);
    await stillServes(server, channel);
    expect(server.connections.length).toBe(2);
    first.send(goodAnswer(taken));
    expect(await calls[0]!).toEqual({ body: Buffer.from('yes') });
    await server.until(() => first.closed);
  });

  test('a call that GOAWAY kept from being sent goes over the next connection', async () => {
    const server = await serve({ greeting: settings([3, 1]), onRequest: () => {} });
    const channel = channelTo(server);
    const calls = [call(channel), call(channel)];
    await server.until(() => server.last?.streams.length === 1);
    const first = server.last;
    delete server.options.onRequest;
    first.send(goaway(0x7fffffff, 0));
    expect(await calls[1]!).toEqual({ body: Buffer.from('yes') });
    first.send(goodAnswer(first.streams[0]!));
    expect(await calls[0]!).toEqual({ body: Buffer.from('yes') });
    expect(server.connections.length).toBe(2);
  });

  test('GOAWAY by every connection at once is given up, not gone round for ever', async () => {
    const server = await serve({ greeting: Buffer.concat([settings(), goaway(0, 0)]) });
    const channel = channelTo(server);
    expect(failureOf(await call(channel)).label).toBe('grpc_unavailable');
    expect(server.connections.length).toBeLessThan(10);
    await stillServes(server, channel);
  });

  test('a call that no connection gets to sending is given up', async () => {
    const server = await serve({
      greeting: settings([3, 0]),
      onConnection: c => void setTimeout(() => c.send(goaway(0x7fffffff, 0)), 20),
    });
    const channel = channelTo(server);
    const failure = failureOf(await call(channel));
    expect(failure.label).toBe('grpc_unavailable');
    expect(failure.reason).toContain('before a call is sent');
    await stillServes(server, channel);
  });

  test('a connection that is cut in a call: unavailable; while nothing is called: not noticed', async () => {
    const server = await serve({ onRequest: c => void c.socket.destroy() });
    const channel = channelTo(server);
    expect(failureOf(await call(channel))).toMatchObject({
      label: 'grpc_unavailable',
      reason: expect.stringMatching(/^Connection dropped/),
    });
    delete server.options.onRequest;
    expect(await call(channel)).toEqual({ body: Buffer.from('yes') });
    const idle = server.last;
    idle.socket.destroy();
    await server.until(() => idle.closed);
    await stillServes(server, channel);
  });

  test('a complaint about pings is heeded, and named by the calls that it ends', async () => {
    const server = await serve({ onRequest: c => c.send(goaway(0x7fffffff, 11, 'too_many_pings')) });
    const channel = channelTo(server);
    const waiting = call(channel);
    await server.until(() => server.last?.streams.length === 1);
    server.last.socket.end();
    expect(failureOf(await waiting).reason).toContain('too_many_pings');
    await stillServes(server, channel);
  });
});

describe('windows and limits', () => {
  const large = Buffer.alloc(300_000, 'abcdefghijklm');
  const upload = (channel: UnaryChannel, timeoutMs = 15_000) => channel.call(PATH, large, { timeoutMs });

  test('a request goes through a window that opens bit by bit, and shrinks in between', async () => {
    const server = await serve({ greeting: settings([4, 10]), onRequest: () => {} });
    const answer = upload(channelTo(server));
    await server.until(() => server.last?.body(1).length === 10);
    const peer = server.last;
    peer.send(settings([4, 0])); // the stream's window is below 0 now
    peer.send(windowUpdate(1, 5), windowUpdate(0, 1 << 30));
    peer.send(settings([4, 100]));
    await server.until(() => peer.body(1).length === 105);
    for (let sent = 105; sent < large.length + 5; sent += 20_000) {
      peer.send(windowUpdate(1, 20_000));
      await server.until(() => peer.body(1).length >= Math.min(sent + 20_000, large.length + 5));
    }
    expect(peer.body(1).equals(message(large))).toBe(true);
    peer.send(goodAnswer(1));
    expect(await answer).toEqual({ body: Buffer.from('yes') });
  });

  test('an upload that nobody reads ends at its deadline, and does not hold up the next call', async () => {
    const server = await serve({ greeting: settings([4, 10]), onRequest: () => {} });
    const channel = channelTo(server);
    expect(failureOf(await upload(channel, 300)).label).toBe('grpc_deadline_exceeded');
    await server.until(() => server.last.count(TYPE.RST_STREAM) === 1);
    delete server.options.onRequest;
    server.last.send(settings([4, 65_535]));
    expect(await call(channel)).toEqual({ body: Buffer.from('yes') });
  });

  test('a socket that nobody reads: the same', async () => {
    const server = await serve({
      greeting: Buffer.concat([settings([4, 0x7fffffff]), windowUpdate(0, 0x7fff0000)]),
      onConnection: c => void c.socket.pause(),
    });
    const channel = channelTo(server);
    const huge = Buffer.alloc(30 << 20);
    expect(failureOf(await channel.call(PATH, huge, { timeoutMs: 500 })).label).toBe(
      'grpc_deadline_exceeded',
    );
    for (const { socket } of server.connections) socket.destroy();
    await stillServes(server, channel);
  });

  test('a refusal in the middle of an upload ends the call, and the rest is not sent', async () => {
    const server = await serve({ greeting: settings([4, 10]) });
    const channel = channelTo(server);
    const answer = upload(channel);
    await server.until(() => server.last?.body(1).length === 10);
    server.last.send(trailersOnly(1, '8', 'grpc: received message larger than max'));
    expect(failureOf(await answer).kind).toBe('tooLarge');
    await server.until(() => server.last.count(TYPE.RST_STREAM, 1) === 1);
    server.last.send(settings([4, 65_535]));
    expect(await call(channel)).toEqual({ body: Buffer.from('yes') });
  });

  test('no more streams than the server takes, and more as soon as it takes more', async () => {
    const server = await serve({ greeting: settings([3, 1]), onRequest: () => {} });
    const channel = channelTo(server);
    await warm(server, channel);
    const peer = server.last;
    const before = peer.streams.length;
    const calls = Array.from({ length: 4 }, () => call(channel));
    await server.until(() => peer.streams.length === before + 1);
    peer.send(goodAnswer(peer.streams.at(-1)!));
    await calls[0];
    await server.until(() => peer.streams.length === before + 2);
    peer.send(settings([3, 3]));
    await server.until(() => peer.streams.length === before + 4);
    for (const stream of peer.streams.slice(before + 1)) peer.send(goodAnswer(stream));
    for (const one of calls) expect(await one).toEqual({ body: Buffer.from('yes') });
  });

  test('a server that takes no stream at all: the calls end at their deadlines', async () => {
    const server = await serve({ greeting: settings([3, 0]) });
    const channel = channelTo(server);
    expect(failureOf(await call(channel, 200)).label).toBe('grpc_deadline_exceeded');
    server.last.send(settings([3, 100]));
    expect(await call(channel)).toEqual({ body: Buffer.from('yes') });
    expect(server.last.streams.length).toBe(1);
  });

  /** One call, so that the server's settings are known. */
  async function warm(server: RawServer, channel: UnaryChannel): Promise<void> {
    const answer = call(channel);
    await server.until(() => server.last?.streams.length === 1);
    server.last.send(goodAnswer(server.last.streams[0]!));
    expect(await answer).toEqual({ body: Buffer.from('yes') });
  }
});

describe('bodies', () => {
  test.each([0, 1, 1000, 4095, 4096, 16_384, 16_385, 65_536, 5_000_000])(
    '%d bytes arrive as they are',
    async size => {
      const body = Buffer.alloc(size);
      for (let i = 0; i < size; i++) body[i] = (i * 7 + (i >> 8)) & 255;
      const server = await serve({
        greeting: Buffer.concat([settings([4, 0x7fffffff]), windowUpdate(0, 0x7fff0000)]),
        onRequest: (c, stream) => c.send(goodAnswer(stream)),
      });
      const channel = channelTo(server);
      for (let round = 0; round < 2; round++) {
        // A part of a larger array, as encoders hand them out.
        const slab = Buffer.concat([Buffer.alloc(13), body, Buffer.alloc(5)]);
        expect(await channel.call(PATH, slab.subarray(13, 13 + size), { timeoutMs: 10_000 })).toEqual({
          body: Buffer.from('yes'),
        });
        expect(server.last.body(server.last.streams.at(-1)!).equals(message(body))).toBe(true);
      }
    },
  );
});

describe('pings', () => {
  const quick = { keepaliveMs: 100, keepaliveTimeoutMs: 300 };

  test('a dead connection is found by a ping in the middle of a call', async () => {
    const server = await serve({ onRequest: () => {}, deafToPings: true });
    const channel = channelTo(server, quick);
    expect(failureOf(await call(channel)).reason).toMatch(/keepalive ping/);
    await stillServes(server, channel);
  });

  test('an answered ping keeps the call, and without a call there is none', async () => {
    const server = await serve({ onRequest: () => {} });
    const channel = channelTo(server, quick);
    const answer = call(channel);
    await server.until(() => (server.last?.count(TYPE.PING) ?? 0) >= 3);
    const peer = server.last;
    peer.send(goodAnswer(1));
    expect(await answer).toEqual({ body: Buffer.from('yes') });
    const pings = peer.count(TYPE.PING);
    await Bun.sleep(500); // five times the pause between two
    expect(peer.count(TYPE.PING)).toBe(pings);
    // The first call after such a pause brings one.
    void call(channel);
    await server.until(() => peer.count(TYPE.PING) > pings);
    expect(server.connections.length).toBe(1);
  });
});

describe('without a call', () => {
  test('the thread sleeps', async () => {
    const server = await serve();
    const channel = channelTo(server, { keepaliveMs: 50 });
    expect(await call(channel, 100)).toEqual({ body: Buffer.from('yes') });
    await Bun.sleep(300); // what the call has left in the timer is over
    const before = runs();
    expect(before).not.toBeEmpty();
    await Bun.sleep(500);
    expect(runs()).toEqual(before);
  });

  /** Of each of the client's threads: time on a processor, time in its queue, and how often it got there. */
  function runs(): string[] {
    const tasks = '/proc/self/task';
    const text = (id: string, file: string) => readFileSync(`${tasks}/${id}/${file}`, 'utf8').trim();
    return readdirSync(tasks)
      .filter(id => text(id, 'comm') === 'milvus-http2')
      .map(id => `${id} ${text(id, 'schedstat')}`);
  }
});

describe('the end of a call by our side', () => {
  test('a call that was cancelled is reset at the server', async () => {
    const server = await serve({ onRequest: () => {} });
    const channel = channelTo(server);
    const abort = new AbortController();
    const answer = channel.call(PATH, BODY, { timeoutMs: 10_000, signal: abort.signal });
    await server.until(() => server.last?.streams.length === 1);
    abort.abort();
    expect(failureOf(await answer).label).toBe('grpc_cancelled');
    await server.until(() => server.last.count(TYPE.RST_STREAM, 1) === 1);
    expect(server.last.frames.find(f => f.type === TYPE.RST_STREAM)!.payload.readUInt32BE()).toBe(8);
    await stillServes(server, channel);
    expect(server.connections.length).toBe(1);
  });

  test('closing the channel ends its calls and says goodbye', async () => {
    const server = await serve({ onRequest: () => {} });
    const channel = channelTo(server);
    const calls = [call(channel), call(channel)];
    await server.until(() => server.last?.streams.length === 2);
    channel.close();
    for (const one of calls) expect(failureOf(await one).label).toBe('grpc_cancelled');
    await server.until(() => server.last.closed);
    expect(server.last.count(TYPE.GOAWAY)).toBe(1);
    expect(failureOf(await call(channel)).label).toBe('channel_closed');
    channel.close();
  });

  test('a call while the channel is connecting ends as well when it is closed', async () => {
    const server = await serve({ greeting: Buffer.alloc(0) });
    const channel = channelTo(server);
    const answer = call(channel);
    await server.until(() => server.connections.length === 1);
    channel.close();
    expect(failureOf(await answer).label).toBe('grpc_cancelled');
  });
});

describe('a server that is not there', () => {
  test('calls fail at once and say why, until it is back', async () => {
    const server = await RawServer.start();
    const { port } = server;
    await server.stop();
    const channel = channelTo(server);
    for (let i = 0; i < 3; i++) {
      expect(failureOf(await call(channel))).toMatchObject({
        label: 'grpc_unavailable',
        reason: `connect ECONNREFUSED 127.0.0.1:${port}`,
      });
    }
    const back = await RawServer.start({}, port);
    open.push(back);
    await stillServes(back, channel);
  });

  test('attempts have pauses, whatever is called', async () => {
    let attempts = 0;
    const server = await serve({
      greeting: Buffer.alloc(0),
      onConnection: c => {
        attempts++;
        c.socket.destroy();
      },
    });
    const channel = channelTo(server);
    for (let i = 0; i < 500; i++) failureOf(await call(channel));
    // 500 calls take a fraction of a second: with pauses from 100 ms on there is room for a few attempts.
    expect(attempts).toBeLessThan(20);
  });

  test('a name that does not resolve', async () => {
    const channel = channelTo({ port: 19530 }, { host: 'no-such-host.invalid' });
    expect(failureOf(await call(channel)).label).toBe('name_resolution');
  });

  test('a name is looked up', async () => {
    const server = await serve();
    expect(await call(channelTo(server, { host: 'localhost' }))).toEqual({ body: Buffer.from('yes') });
  });
});
