// Speaks with client.py: the independent Kafka producer and Milvus reader of end-to-end tests, demo and benchmark.
import { join } from 'node:path';
import { stack } from './stack.ts';

export type Row = Record<string, unknown>;

export interface Milvus {
  uri: string;
  token?: string;
}

export interface FieldSpec {
  name: string;
  /** A name of pymilvus' DataType. */
  type: string;
  [option: string]: unknown;
}

export interface SentRecord {
  value: string | null;
  key?: string;
  partition?: number;
  /** ms since the epoch */
  timestamp?: number;
}

/**
 * One Python process; commands may overlap. It ends with this process, since its stdin does. It is made again when it
 * has gone: bun kills the children of a test that runs into its time limit.
 */
export class Client {
  private readonly waiting = new Map<number, { done(value: unknown): void; failed(error: Error): void }>();
  private next = 1;
  private child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

  private constructor(private readonly python: string) {
    this.child = this.spawn();
  }

  static async start(): Promise<Client> {
    const venv = (await stack('venv.sh', ['lite3'])).split('\n').at(-1)!;
    return new Client(join(venv, 'bin/python'));
  }

  /** Creates, indexes and loads a collection; the guide's fields when none are named. */
  async create(
    at: Milvus,
    collection: string,
    options: {
      fields?: FieldSpec[];
      dynamic?: boolean;
      auto_id?: boolean;
      properties?: Record<string, string>;
    } = {},
  ): Promise<void> {
    await this.ask('create', { ...at, collection, ...options });
  }

  async drop(at: Milvus, collection: string): Promise<void> {
    await this.ask('drop', { ...at, collection });
  }

  /** Rows as pymilvus has them; integers beyond 2^53 as `int:<digits>`. */
  query(at: Milvus, collection: string, filter = '', limit = 1000): Promise<Row[]> {
    return this.ask('query', { ...at, collection, filter, limit }) as Promise<Row[]>;
  }

  /** Number of rows once there are `rows` of them, or after `seconds`. */
  count(at: Milvus, collection: string, rows = 0, seconds = 60): Promise<number> {
    return this.ask('wait_count', { ...at, collection, rows, seconds }) as Promise<number>;
  }

  /** Drops the connection to a server that is going to be stopped. */
  async forget(at: Milvus): Promise<void> {
    await this.ask('forget', { ...at });
  }

  async topic(bootstrap: string, topic: string, partitions = 1): Promise<void> {
    await this.ask('topic', { bootstrap, topic, partitions });
  }

  async produce(bootstrap: string, topic: string, records: SentRecord[]): Promise<void> {
    await this.ask('produce', { bootstrap, topic, records });
  }

  /** Committed offset of each partition, -1 for none. */
  committed(bootstrap: string, group: string, topic: string, partitions = 1): Promise<number[]> {
    return this.ask('committed', { bootstrap, group, topic, partitions }) as Promise<number[]>;
  }

  /** End offset of each partition. */
  ends(bootstrap: string, topic: string, partitions = 1): Promise<number[]> {
    return this.ask('ends', { bootstrap, topic, partitions }) as Promise<number[]>;
  }

  /** Any command of client.py. */
  ask(op: string, parameters: Record<string, unknown>): Promise<unknown> {
    const id = this.next++;
    if (this.child.exitCode !== null || this.child.signalCode !== null) this.child = this.spawn();
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.child.stdin.write(`${JSON.stringify({ id, op, ...parameters })}\n`);
      this.child.stdin.flush();
    });
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.child.exited;
  }

  // --- internal ---

  private spawn(): Bun.Subprocess<'pipe', 'pipe', 'inherit'> {
    const child = Bun.spawn([this.python, join(import.meta.dir, 'client.py')], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
      env: { ...process.env, GRPC_VERBOSITY: 'NONE' },
    });
    void this.read(child.stdout);
    return child;
  }

  private async read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const reply = JSON.parse(line) as { id: number; result?: unknown; error?: string };
        const waiting = this.waiting.get(reply.id);
        this.waiting.delete(reply.id);
        if (reply.error !== undefined) waiting?.failed(new Error(`client.py: ${reply.error}`));
        else waiting?.done(reply.result);
      }
    }
    for (const { failed } of this.waiting.values()) failed(new Error('client.py ended'));
    this.waiting.clear();
  }
}
