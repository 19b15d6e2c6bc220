// Builds each part of src/native that has a driver with sanitizers, as a program of its own, and runs it.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  BuildError,
  cacheDirectory,
  command,
  findToolchain,
  inParallel,
  ROOT,
  STATIC_LIBRARIES,
  sha256,
  step,
  type Toolchain,
  treeContents,
} from '../native/toolchain.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    thread: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const OWN = join(ROOT, 'src/native');
const NODE_API = join(ROOT, 'node_modules/node-api-headers/include');

interface Part {
  /** Files that know Node-API: drivers take their place. */
  without: string[];
  /** Other folders that it stands on. */
  also?: string[];
  flags?: string[];
  /** The driver makes memory run out by way of these. */
  wraps?: string[];
}

const PARTS: Record<string, Part> = {
  http2: { without: ['port.cc', 'register.cc'], wraps: ['malloc', 'calloc', 'realloc'] },
  rows: {
    without: ['chunk-api.cc', 'queue-api.cc', 'records-api.cc', 'plan-of.cc', 'vectors.cc'],
    also: ['decode'],
    flags: ['-fno-access-control', `-I${NODE_API}`],
  },
};
const SANITIZERS = options.thread ? 'thread' : 'address,undefined';

try {
  const tools = await findToolchain();
  const parts = positionals.length > 0 ? positionals : partsWithDriver();
  for (const part of parts) {
    const program = await build(part, tools);
    step(`${part}: ${options.seconds} s of random inputs, --seed ${options.seed}`);
    if (!(await run(part, program))) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

// --- internal ---

function partsWithDriver(): string[] {
  return readdirSync(import.meta.dir)
    .filter(name => name.endsWith('.cc'))
    .map(name => basename(name, '.cc'));
}

async function build(part: string, tools: Toolchain): Promise<string> {
  const driver = join(import.meta.dir, `${part}.cc`);
  if (!existsSync(driver))
    throw new BuildError(`no such part: ${part} (there are ${partsWithDriver().join(', ')})`);
  const { without, also = [], flags: own = [], wraps: wrapped = [] } = PARTS[part] ?? { without: [] };
  const folders = [part, ...also].map(name => join(OWN, name));
  const sources = folders.flatMap(folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.cc') && !without.includes(name))
      .map(name => join(folder, name)),
  );
  const flags = [
    '-std=c++20',
    '-g',
    '-O1',
    '-fno-omit-frame-pointer',
    '-Wall',
    '-Wextra',
    `-I${OWN}`,
    ...own,
  ];
  flags.push(`-fsanitize=${SANITIZERS}`, '-fno-sanitize-recover=undefined');
  const wraps = wrapped.map(name => `-Wl,--wrap=${name}`);
  const recipe = [JSON.stringify([SANITIZERS, flags, wraps]), tools.identity, readFileSync(driver)];
  const directory = join(
    cacheDirectory(),
    'sanitizing',
    `${part}-${sha256([...recipe, ...folders.flatMap(treeContents)]).slice(0, 16)}`,
  );
  const program = join(directory, part);
  if (existsSync(program)) return program;
  step(`${part}: compiling with ${SANITIZERS}`);
  mkdirSync(directory, { recursive: true });
  const objects: string[] = [];
  await inParallel([driver, ...sources], async file => {
    const object = join(directory, `${file === driver ? 'driver' : basename(file, '.cc')}.o`);
    objects.push(object);
    await command([tools.cxx, ...flags, '-c', file, '-o', object]);
  });
  const libraries = STATIC_LIBRARIES.map(name => `-l:${name}`);
  const link = [`-fsanitize=${SANITIZERS}`, ...wraps, ...objects, ...libraries, '-ldl', '-lpthread', '-lm'];
  await command([tools.cxx, '-o', program, ...link]);
  return program;
}

async function run(part: string, program: string): Promise<boolean> {
  const corpus = join(ROOT, 'test/native/corpus', part);
  const argv = [program, corpus, join(ROOT, 'test/support/tls'), options.seconds, options.seed];
  const child = Bun.spawn(argv, {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    env: {
      ...process.env,
      ASAN_OPTIONS: 'allocator_may_return_null=1:detect_leaks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TSAN_OPTIONS: 'halt_on_error=1',
    },
  });
  const code = await child.exited;
  step(code === 0 ? `${part}: no report` : `${part}: ended with ${code}`);
  return code === 0;
}
