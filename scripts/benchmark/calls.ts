// CPU of one unary call by both transports: at 100 and 1000 calls a second, and back to back, 200 bytes each. The counting
// server is a process of its own, and so is each measurement.
// Run: scripts/bench calls [--seconds 5] [--runs 5]
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { channelOptions } from '../../src/milvus/client/channel.ts';
import { openGrpcJsChannel } from '../../src/milvus/client/grpc-js-channel.ts';
import { openNativeChannel } from '../../src/milvus/client/native-channel.ts';
import type { MilvusSettings } from '../../src/milvus/client/settings.ts';
import type { UnaryChannel } from '../../src/milvus/client/unary.ts';
import { ROOT } from '../native/toolchain.ts';
import { machine } from './process.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '5' },
    /** One measurement: in the process that makes it. */
    transport: { type: 'string' },
    rate: { type: 'string' },
    port: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
/** Calls a second; 0: back to back. */
const RATES = [100, 1000, 0];
const TRANSPORTS = ['none', 'grpc-js', 'native'];

if (options.transport !== undefined)
  await measure(options.transport, Number(options.rate), Number(options.port));
else await all();

// --- internal ---

async function all(): Promise<void> {
  const server = Bun.spawn(['bun', 'run', 'scripts/benchmark/counting-server.ts'].with(0, process.execPath), {
    cwd: ROOT,
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const { value } = await server.stdout.getReader().read();
  const { port } = JSON.parse(Buffer.from(value!).toString()) as { port: number };
  // The median of several runs.
  const { cpu, cores, kernel } = machine();
  console.log(`CPU µs a call, of this process alone; ${cpu}, ${cores} cores, Linux ${kernel}`);
  // "none" waits for the same moments and calls nothing: what is left of the others is the call's.
  console.log('transport    100/s   1000/s  back to back');
  const figures = new Map<string, number[]>();
  // In turns: what else happens on the machine meets all of them.
  for (let run = 0; run < Number(options.runs); run++) {
    for (const rate of RATES) {
      for (const transport of TRANSPORTS) {
        const own = ['--transport', transport, '--rate', String(rate), '--port', String(port)];
        const argv = [process.execPath, 'run', import.meta.path, ...own, '--seconds', String(seconds)];
        const child = Bun.spawn(argv, { cwd: ROOT, stdout: 'pipe', stderr: 'inherit' });
        const figure = Number(await new Response(child.stdout).text());
        const name = `${transport} ${rate}`;
        figures.set(name, [...(figures.get(name) ?? []), figure]);
      }
    }
  }
  for (const transport of TRANSPORTS) {
    const [hundred, thousand, all] = RATES.map(rate => {
      const sorted = figures.get(`${transport} ${rate}`)!.toSorted((x, y) => x - y);
      return String(sorted[Math.floor(sorted.length / 2)]);
    });
    console.log(
      `${transport.padEnd(10)} ${hundred!.padStart(7)} ${thousand!.padStart(8)} ${all!.padStart(13)}`,
    );
  }
  server.kill();
}

async function measure(transport: string, rate: number, port: number): Promise<void> {
  const channel = open(transport, port);
  const body = Buffer.alloc(200);
  const call = async () => {
    const answer = await channel.call('/milvus.proto.milvus.MilvusService/Upsert', body, {
      timeoutMs: 10_000,
    });
    if ('failure' in answer) throw new Error(answer.failure.reason);
  };
  const run = async (ms: number): Promise<number> => {
    const started = performance.now();
    let calls = 0;
    while (performance.now() - started < ms) {
      if (rate > 0) await Bun.sleep(Math.max(0, started + (calls * 1000) / rate - performance.now()));
      await call();
      calls++;
    }
    return calls;
  };
  await run(1500);
  const before = process.cpuUsage();
  const calls = await run(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  console.log(((user + system) / calls).toFixed(0));
  process.exit();
}

function open(transport: string, port: number): UnaryChannel {
  if (transport === 'none') return { call: async () => ({ body: Buffer.alloc(0) }), close() {} };
  const authority = `127.0.0.1:${port}`;
  if (transport === 'native')
    return openNativeChannel({ host: '127.0.0.1', port, authority, metadata: ['dbname', 'default'] });
  const metadata = new grpc.Metadata();
  metadata.set('dbname', 'default');
  const settings = { tls: false } as MilvusSettings;
  return openGrpcJsChannel(
    new grpc.Channel(authority, grpc.credentials.createInsecure(), channelOptions(settings)),
    metadata,
  );
}
