// A handle on the counting server: a Milvus of which nothing is left but the answers, so that only the sink is measured.
import { join } from 'node:path';
import { freePort, ROOT } from '../stack/stack.ts';

export interface Counts {
  rows: number;
  firstRowAtMs: number | null;
  lastRowAtMs: number | null;
}

/** Of the rows since the start or the last reset. */
export interface Latency {
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
}

export interface Counting {
  /** For `public.endpoint`. */
  endpoint: string;
  /** What came since the start or the last reset; times are ms since the epoch, null before the first row. */
  count(): Promise<Counts>;
  /** Counts from zero, and forgets the latencies. */
  reset(): Promise<void>;
  /** From `title` (µs since the epoch) to having decoded the row. */
  latency(): Promise<Latency>;
  stop(): Promise<void>;
}

const SERVER = join(import.meta.dir, 'counting-server.ts');

/**
 * @param endpoint a server of the user's that listens there, with its counts at the port after
 * @param latency reads the time in each row's title
 */
export async function startCounting(dim: number, endpoint?: string, latency = false): Promise<Counting> {
  if (endpoint) {
    const url = new URL(endpoint);
    return handle(endpoint, `http://${url.hostname}:${Number(url.port) + 1}`, async () => {});
  }
  const port = await freePort(2);
  const args = ['--port', `${port}`, '--dim', `${dim}`, '--http-port', `${port + 1}`];
  if (latency) args.push('--latency-log');
  const child = Bun.spawn([process.execPath, 'run', SERVER, ...args], {
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'inherit',
  });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const http = `http://127.0.0.1:${port + 1}`;
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null) throw new Error(`the counting server ended with ${child.exitCode}`);
    if (await fetch(`${http}/count`).catch(() => undefined)) break;
    if (tries > 200) throw new Error('the counting server does not answer after 10 s');
    await Bun.sleep(50);
  }
  return handle(`http://127.0.0.1:${port}`, http, async () => {
    kill();
    await child.exited;
    process.off('exit', kill);
  });
}

// --- internal ---

function handle(endpoint: string, http: string, stop: () => Promise<void>): Counting {
  return {
    endpoint,
    stop,
    count: async () => (await get(http, '/count')) as Counts,
    reset: async () => void (await get(http, '/reset')),
    latency: async () => {
      const { p50, p90, p99 } = (await get(http, '/latency')) as Record<'p50' | 'p90' | 'p99', number>;
      return { p50Ms: p50, p90Ms: p90, p99Ms: p99 };
    },
  };
}

async function get(http: string, path: string): Promise<unknown> {
  return (await fetch(`${http}${path}`)).json();
}
