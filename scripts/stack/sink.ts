// Runs the built executable as a user would: two files, a process, its standard error, its exit code, its HTTP server.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ROOT } from './stack.ts';

export const EXECUTABLE = process.env.MILVUS_SINK ?? join(ROOT, 'dist/milvus-sink');

export interface SinkOptions {
  bootstrap: string;
  /** `http://host:port` */
  endpoint: string;
  token?: string;
  collection: string;
  topics: string;
  /** Of the connector; a unique one by default, since the consumer group follows from it. */
  name?: string;
  /** Further lines of the worker's and the connector's file. */
  worker?: Record<string, string>;
  connector?: Record<string, string>;
  /** Connectors beside the first one, each in a file of its own: JSON as connect-standalone takes it, or properties. */
  further?: FurtherConnector[];
  args?: string[];
  env?: Record<string, string>;
}

export interface FurtherConnector {
  form: 'json' | 'properties';
  name: string;
  /** What differs from the first connector. */
  connector: Record<string, string>;
}

const FILES = join(tmpdir(), 'milvus-sink-files');

let made = 0;
const running = new Set<Sink>();
// bun's test runner runs no exit handlers, and a killed one could not: the kernel ends what is left. setpriv becomes
// the executable, so that its pid is the sink's.
const DIES_WITH_US = Bun.which('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
process.on('exit', () => {
  for (const sink of running) sink.kill('SIGKILL');
});
// Of runs that have ended; bun's test runner has no exit at which this run could do it for itself.
for (const pid of existsSync(FILES) ? readdirSync(FILES) : []) {
  if (!existsSync(`/proc/${pid}`)) rmSync(join(FILES, pid), { recursive: true, force: true });
}

/** The guide's two files with what differs put in, written to a directory of their own; their paths, in order. */
export async function writeFiles(
  options: SinkOptions,
): Promise<{ files: string[]; name: string; port: number }> {
  const name = options.name ?? `e2e-${process.pid}-${++made}`;
  const port = await freePort();
  const directory = join(FILES, String(process.pid), name);
  mkdirSync(directory, { recursive: true });
  const worker = {
    'bootstrap.servers': options.bootstrap,
    listeners: `http://127.0.0.1:${port}`,
    'offset.flush.interval.ms': '1000',
    ...options.worker,
  };
  const connector = {
    name,
    'public.endpoint': options.endpoint,
    token: options.token ?? '',
    'collection.name': options.collection,
    topics: options.topics,
    ...options.connector,
  };
  const files = [
    put(directory, 'connect-standalone.properties', worker),
    put(directory, 'milvus-sink-connector.properties', connector),
    ...(options.further ?? []).map(further => putFurther(directory, connector, further)),
  ];
  return { files, name, port };
}

/** Starts the executable with the guide's files changed by `options`. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const { files, name, port } = await writeFiles(options);
  return new Sink([...files, ...(options.args ?? [])], name, port, options.env);
}

/** Runs the executable to its end. */
export async function runSink(args: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([EXECUTABLE, ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...env },
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

export class Sink {
  /** Everything on standard error so far. */
  log = '';
  readonly exited: Promise<number>;
  readonly pid: number;
  private readonly child: Bun.Subprocess<'ignore', 'ignore', 'pipe'>;
  private changed = Promise.withResolvers<void>();

  constructor(
    args: string[],
    /** The connector's: its group is `connect-<name>`. */
    readonly name: string,
    readonly port: number,
    env: Record<string, string> = {},
  ) {
    if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is not built: run scripts/build`);
    this.child = Bun.spawn([...DIES_WITH_US, EXECUTABLE, ...args], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      env: { ...process.env, ...env },
    });
    this.pid = this.child.pid;
    running.add(this);
    const read = this.read();
    this.exited = this.child.exited.then(async code => {
      running.delete(this);
      await read;
      this.changed.resolve();
      return code;
    });
  }

  get group(): string {
    return `connect-${this.name}`;
  }

  /** Its exit code, once it has ended by itself; throws with the log, and kills it, when it does not. */
  async ends(seconds = 30): Promise<number> {
    const code = await Promise.race([this.exited, Bun.sleep(seconds * 1000)]);
    if (code !== undefined) return code;
    this.kill('SIGKILL');
    throw new Error(`the sink still runs after ${seconds} s:\n${this.log}`);
  }

  get ended(): boolean {
    return !running.has(this);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number> {
    this.kill('SIGTERM');
    return this.ends();
  }

  /** Waits for a line of the log; throws with the whole log when it does not come or the sink ends before. */
  async logged(pattern: RegExp, seconds = 30): Promise<RegExpMatchArray> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = this.log.match(pattern);
      if (found) return found;
      if (this.ended) throw new Error(`the sink ended before ${pattern} was logged:\n${this.log}`);
      if (Date.now() > deadline)
        throw new Error(`${pattern} was not logged within ${seconds} s:\n${this.log}`);
      await Promise.race([this.changed.promise, Bun.sleep(200)]);
    }
  }

  /** Waits until its readiness answers with `status`. */
  async ready(status = 200, seconds = 30): Promise<void> {
    await until(
      `${status} from /readyz`,
      seconds,
      async () => (await this.get('/readyz'))?.status === status,
      this,
    );
  }

  /** An answer of its HTTP server; undefined when nobody answers. */
  async get(path: string): Promise<{ status: number; body: string } | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        signal: AbortSignal.timeout(5000),
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return undefined;
    }
  }

  /** Sum of a metric over its labels, or over those that `labels` matches; 0 when absent. */
  async metric(name: string, labels = /.*/): Promise<number> {
    return sumMetric((await this.get('/metrics'))?.body ?? '', name, labels);
  }

  // --- internal ---

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stderr) {
      this.log += decoder.decode(chunk, { stream: true });
      this.changed.resolve();
      this.changed = Promise.withResolvers();
    }
  }
}

/** Waits for a condition; throws, with the sink's log, when it does not come true. */
export async function until(
  what: string,
  seconds: number,
  condition: () => Promise<boolean> | boolean,
  sink?: Sink,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (sink?.ended) throw new Error(`the sink ended while waiting for ${what}:\n${sink.log}`);
    if (Date.now() > deadline)
      throw new Error(`no ${what} within ${seconds} s${sink ? `:\n${sink.log}` : ''}`);
    await Bun.sleep(50);
  }
}

/** Adds up the samples of one metric in Prometheus' text format. */
export function sumMetric(text: string, name: string, labels = /.*/): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const sample = line.match(/^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)/);
    if (sample?.[1] === name && labels.test(sample[2] ?? '')) sum += Number(sample[3]);
  }
  return sum;
}

// --- internal ---

/** Writes a guide's file with some keys changed or added; every other line stays as it is. */
function put(directory: string, file: string, values: Record<string, string>): string {
  const left = new Map(Object.entries(values));
  const lines = readFileSync(join(ROOT, 'examples/guide', file), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => {
      const key = line.match(/^([a-z.]+)=/)?.[1];
      if (key === undefined || !left.has(key)) return line;
      const value = left.get(key)!;
      left.delete(key);
      return `${key}=${value}`;
    });
  for (const [key, value] of left) lines.push(`${key}=${value}`);
  const path = join(directory, file);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** Writes the guide's connector file once more, under another name and in the form asked for. */
function putFurther(
  directory: string,
  first: Record<string, string>,
  { form, name, connector }: FurtherConnector,
): string {
  const values = { ...first, ...connector, name };
  const path = join(directory, `${name}.${form}`);
  const text =
    form === 'json'
      ? JSON.stringify({ name, config: { 'connector.class': 'MilvusSink', ...values } }, null, 2)
      : Object.entries({ 'connector.class': 'MilvusSink', ...values })
          .map(([key, value]) => `${key}=${value}\n`)
          .join('');
  writeFileSync(path, text);
  return path;
}
