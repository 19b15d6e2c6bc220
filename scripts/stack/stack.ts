// Real servers for end-to-end tests, demo and benchmark: Kafka and Milvus on free ports, each in a directory of this
// run, which end with this process however it ends (common.sh has the guard).
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dir, '../..');
export const MILVUS_TOKEN = 'root:Milvus';

export interface Server {
  /** host:port for clients. */
  address: string;
  port: number;
  /** Where its data is, gone at the end of the run. */
  directory: string;
  /** Ends it and keeps its data. */
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
}

/** What this machine lacks for a real Kafka or Milvus; undefined when nothing. Cheap: looks, starts nothing. */
export const lacks = {
  kafka: Bun.which('java')
    ? existsSync(join(ROOT, '.cache/stack/kafka/lib')) || Bun.which('mvn') || canInstall()
      ? undefined
      : 'no mvn to fetch Kafka with'
    : 'no Java',
  milvus: Bun.which('python3') || canInstall() ? undefined : 'no Python 3',
};

/**
 * A real Kafka; with `secure` also SSL, SASL_PLAINTEXT and SASL_SSL on port+2, +3, +4 (user app / app-secret).
 * `autoCreate` false: a topic is there only when somebody creates it.
 */
export function startKafka(options: { secure?: boolean; autoCreate?: boolean } = {}): Promise<Server> {
  return launch('kafka.sh', [], 5, {
    SECURE: options.secure ? '1' : '0',
    KAFKA_AUTO_CREATE: String(options.autoCreate ?? true),
    KAFKA_HEAP: '-Xms128m -Xmx384m',
  });
}

/** A real Milvus: `m23` is 2.3.5, `lite3` milvus-lite 3.2.2. `auth`: m23 wants MILVUS_TOKEN. */
export function startMilvus(kind: 'm23' | 'lite3', options: { auth?: boolean } = {}): Promise<Server> {
  return launch('milvus.sh', [kind], 1, { AUTH: options.auth ? '1' : '0' });
}

/** One Kafka (secure, no auto-created topics) for all test files of this process. */
export const sharedKafka = once(() => startKafka({ secure: true, autoCreate: false }));
/** One Milvus 2.3.5 with authorization on. */
export const sharedMilvus23 = once(() => startMilvus('m23', { auth: true }));
/** One milvus-lite 3.2.2. */
export const sharedMilvusLite = once(() => startMilvus('lite3'));

/** First of `count` consecutive free ports. */
export async function freePort(count = 1): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    // Below the range from which the kernel gives ports to clients: such a port could be taken before it is used.
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} consecutive free ports between 20000 and 30000`);
}

/** Runs a stack script to its end and returns what it printed; throws with its error text. */
export async function stack(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = Bun.spawn(['bash', join(ROOT, 'scripts/stack', script), ...args], {
    env: { ...process.env, STACK_OWNER: String(process.pid), STACK_EPHEMERAL: '1', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0)
    throw new Error(`${script} ${args.join(' ')} ended with ${code}: ${err.trim() || out.trim()}`);
  return out.trim();
}

// --- internal ---

async function launch(
  script: string,
  kind: string[],
  ports: number,
  env: Record<string, string>,
): Promise<Server> {
  const port = await freePort(ports);
  const args = [...kind, String(port)];
  const full = { STACK_RUN: runDirectory(), ...env };
  const start = async () => void (await stack(script, ['start', ...args], full));
  await start();
  return {
    address: `localhost:${port}`,
    port,
    directory: await stack(script, ['dir', ...args], full),
    start,
    stop: async () => void (await stack(script, ['stop', ...args], full)),
  };
}

let directory: string | undefined;

/** This run's own directory: it goes with the servers, when this process ends. */
function runDirectory(): string {
  directory ??= mkdtempSync(join(tmpdir(), 'milvus-sink-stack-'));
  return directory;
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && Bun.which('apt-get') !== null;
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
