// The native decoder under the sanitizers, guided by coverage: builds decode-target.cc with clang and libFuzzer, and runs it
// from a corpus that is kept in .cache/fuzz. scripts/fuzz --sanitize starts it.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BuildError, cacheDirectory, command, ROOT, step } from '../native/toolchain.ts';
import { collectionOfTarget } from './collection.ts';
import { Random } from './random.ts';
import { randomText } from './texts.ts';

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exit(1);
}

// --- internal ---

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new BuildError('--seconds is a number above 0');
  const clang = ['clang++', 'clang++-19', 'clang++-16', 'clang++-14'].find(name => Bun.which(name));
  if (!clang) {
    throw new BuildError('there is no clang++: on Debian, apt-get install clang libclang-rt-14-dev');
  }
  const directory = join(cacheDirectory(), 'fuzz');
  const corpus = join(directory, 'corpus');
  mkdirSync(corpus, { recursive: true });
  const target = await build(clang, directory);
  if (readdirSync(corpus).length === 0) seedCorpus(corpus);
  step(`${seconds} s of ${target}`);
  const options = [
    `-max_total_time=${Math.ceil(seconds)}`,
    '-max_len=2048',
    '-timeout=5',
    '-print_final_stats=1',
  ];
  const child = Bun.spawn([target, ...options, `-artifact_prefix=${directory}/`, corpus], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.exitCode = await child.exited;
}

async function build(clang: string, directory: string): Promise<string> {
  const target = join(directory, 'decode-target');
  const sources = join(ROOT, 'src/native/decode');
  // The doors to JavaScript are no part of this.
  const doors = ['plan-of.cc', 'vectors.cc'];
  const files = readdirSync(sources).filter(name => name.endsWith('.cc') && !doors.includes(name));
  step(`${target}: compiling with ${clang}`);
  await command([
    clang,
    '-std=c++20',
    '-O1',
    '-g',
    '-fsanitize=fuzzer,address,undefined',
    '-fno-sanitize-recover=all',
    `-I${sources}`,
    ...files.map(name => join(sources, name)),
    join(import.meta.dir, 'decode-target.cc'),
    '-o',
    target,
  ]);
  return target;
}

/** Records as the other fuzzer makes them, so that it need not find JSON by itself. */
function seedCorpus(corpus: string): void {
  const random = new Random(1);
  for (let i = 0; i < 500; i++) {
    const { bytes } = randomText(collectionOfTarget(), random);
    writeFileSync(join(corpus, `seed-${i}`), Buffer.concat([Buffer.from([i & 7]), bytes]));
  }
}
