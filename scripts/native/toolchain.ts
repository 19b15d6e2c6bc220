// What the native build stands on: platform names, the compiler, the static libraries, content hashes, and running
// a command so that its output is seen only when it fails.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';

/** `<os>-<arch>` as in Bun's own target names (`bun-linux-x64`). */
export type Platform = `${string}-${string}`;

/** The repository's root. */
export const ROOT = resolve(import.meta.dir, '../..');
/** Compilers run at once. */
export const JOBS = availableParallelism();
/** Everything that is linked statically besides librdkafka; from libssl-dev, libzstd-dev, zlib1g-dev, libnghttp2-dev. */
export const STATIC_LIBRARIES = ['libnghttp2.a', 'libzstd.a', 'libssl.a', 'libcrypto.a', 'libz.a'] as const;

/** The machine that builds. */
export function hostPlatform(): Platform {
  return `${process.platform}-${process.arch}`;
}

/** `.cache` of the repository, or `MILVUS_SINK_CACHE`. */
export function cacheDirectory(): string {
  return resolve(process.env.MILVUS_SINK_CACHE || join(ROOT, '.cache'));
}

/** An expected failure of the build: its message is all that is printed. */
export class BuildError extends Error {}

/** One line a step, to stderr. */
export function step(text: string): void {
  process.stderr.write(`\x1b[1m==>\x1b[0m ${text}\n`);
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/**
 * Runs a command and returns its standard output.
 *
 * @throws BuildError with the last 40 lines of what it wrote when it fails
 */
export async function command(argv: string[], options: CommandOptions = {}): Promise<string> {
  const child = Bun.spawn(argv, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) {
    const tail = `${out}\n${err}`.trim().split('\n').slice(-40).join('\n');
    throw new BuildError(`${argv.join(' ')}\nended with ${code}:\n${tail}`);
  }
  return out;
}

/** Runs `work` over `items`, at most JOBS at once; the first failure is thrown when the running ones have ended. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: JOBS }, lane));
  for (const r of results) if (r.status === 'rejected') throw r.reason;
}

export interface Toolchain {
  cc: string;
  cxx: string;
  /** Compiler versions and the hashes of the static libraries: part of every cache key. */
  identity: string;
}

/** Finds the compilers (`CC`, `CXX`, or gcc and g++) and identifies them together with the static libraries. */
export async function findToolchain(): Promise<Toolchain> {
  const cc = process.env.CC || 'gcc';
  const cxx = process.env.CXX || 'g++';
  const parts: string[] = [];
  for (const compiler of [cc, cxx]) {
    if (!Bun.which(compiler)) throw new BuildError(`no ${compiler} on PATH: run scripts/setup`);
    parts.push(`${compiler} ${(await command([compiler, '--version'])).split('\n')[0]}`);
  }
  for (const name of STATIC_LIBRARIES) {
    const path = (await command([cc, `-print-file-name=${name}`])).trim();
    if (path === name) throw new BuildError(`the static library ${name} is missing: run scripts/setup`);
    parts.push(`${name} ${sha256([readFileSync(path)])}`);
  }
  return { cc, cxx, identity: parts.join('\n') };
}

/** Hex sha256 over the parts, each preceded by its length. */
export function sha256(parts: ReadonlyArray<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

/** Names and contents of all files below `directory`, in a fixed order, ready for {@link sha256}. */
export function treeContents(directory: string): Array<string | Uint8Array> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
  return files.flatMap(file => [relative(directory, file), readFileSync(file)]);
}

/** Bytes of a file, for people. */
export function megabytes(path: string): string {
  return `${(statSync(path).size / 1e6).toFixed(1)} MB`;
}
