// What is measured: an executable with the guide's files, or another program that does the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../stack/stack.ts';

export const COLLECTION = 'topic_0';

export interface Started {
  pid: number;
  /** Just before the process was made, ms since the epoch. */
  at: number;
  /** CPU by stage, ms, as the process said at its end; only milvus-sink says it. */
  stop(): Promise<Record<string, number> | undefined>;
  /** Everything it wrote, for when something goes wrong. */
  log(): string;
  ended(): boolean;
  /** Where it serves /readyz; only milvus-sink does. */
  http?: string;
}

/** What a candidate reads, and where it writes. */
export interface Source {
  topic: string;
  partitions: number;
  brokers: string;
  /** `http://host:port` */
  endpoint: string;
}

export interface Candidate {
  name: string;
  start(source: Source): Promise<Started>;
  /** Of a milvus-sink, of this tree or of another revision: its executable. Its main thread runs the JavaScript. */
  executable?: string;
}

/** @param name for people, in progress and results */
export function sinkCandidate(name: string, executable: string): Candidate {
  return { name, executable, start: source => startSink(executable, source) };
}

/** Starts a process that is ended with this one. */
export function launch(command: string[], env: Record<string, string> = {}): Started {
  const at = Date.now();
  const child = Bun.spawn(command, {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    env: { ...process.env, ...env },
  });
  running.add(child);
  let text = '';
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) text += decoder.decode(chunk, { stream: true });
  })();
  void child.exited.then(() => running.delete(child));
  return {
    pid: child.pid,
    at,
    log: () => text,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await child.exited;
      clearTimeout(hard);
      await read;
      const line = text.split('\n').find(one => one.startsWith('{"profile"'));
      return line ? (JSON.parse(line) as { profile: Record<string, number> }).profile : undefined;
    },
  };
}

// --- internal ---

const running = new Set<Bun.Subprocess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One task a partition. */
async function startSink(
  executable: string,
  { topic, partitions, brokers, endpoint }: Source,
): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'milvus-sink-bench-'));
  const port = await freePort();
  const worker = join(directory, 'connect-standalone.properties');
  const connector = join(directory, 'milvus-sink-connector.properties');
  writeFileSync(
    worker,
    `bootstrap.servers=${brokers}
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter.schemas.enable=false
listeners=http://127.0.0.1:${port}
`,
  );
  writeFileSync(
    connector,
    `name=bench-${topic}-${Date.now()}
connector.class=com.milvus.io.kafka.MilvusSinkConnector
public.endpoint=${endpoint}
token=root:Milvus
collection.name=${COLLECTION}
topics=${topic}
tasks.max=${partitions}
`,
  );
  const started = launch([executable, worker, connector], { MILVUS_SINK_PROFILE: '1' });
  return {
    ...started,
    http: `http://127.0.0.1:${port}`,
    async stop() {
      const result = await started.stop();
      rmSync(directory, { recursive: true, force: true });
      return result;
    },
  };
}
