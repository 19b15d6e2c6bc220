// Builds librdkafka and the native addons, cached by content: a rebuild after a TypeScript change compiles nothing.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { addonDirectory, KAFKA_ADDON } from './plugin.ts';
import {
  BuildError,
  cacheDirectory,
  command,
  findToolchain,
  hostPlatform,
  inParallel,
  JOBS,
  megabytes,
  ROOT,
  STATIC_LIBRARIES,
  sha256,
  step,
  type Toolchain,
  treeContents,
} from './toolchain.ts';

const PACKAGE = join(ROOT, 'node_modules/@confluentinc/kafka-javascript');
const NODE_API = join(ROOT, 'node_modules/node-api-headers/include');
const LAYER = join(ROOT, 'src/native/include');
const EXPORTS = join(import.meta.dir, 'exports.map');
/** Folders of our own native code, linked into the Kafka addon; `src/native` itself has addon.cc and node-api.h. */
const OWN = join(ROOT, 'src/native');
const NGHTTP2 = 'libnghttp2.a';
const OWN_PARTS = ['decode', 'http2', 'kafka', 'rows'];

// No Kerberos and no OIDC by libcurl: their libraries cannot be linked statically without a long tail of others.
const CONFIGURE = ['--disable-gssapi', '--disable-curl', '--disable-lz4-ext', '--enable-static'];
const C_FLAGS = '-O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections';
const CXX_FLAGS = ['-std=c++20', ...C_FLAGS.split(' '), '-DNAPI_VERSION=8'];
const LINK_FLAGS = [
  '-shared',
  '-static-libstdc++',
  '-static-libgcc',
  '-Wl,--gc-sections',
  `-Wl,--version-script=${EXPORTS}`,
  // The host process brings the napi_* functions; nothing else may stay open (checked after the link).
  '-Wl,--unresolved-symbols=ignore-all',
  '-s',
];

/**
 * Builds whatever addon is not in the cache yet and puts the addons of this machine's platform into
 * `addonDirectory(hostPlatform())`. The npm package stays as it is: librdkafka is built from a copy.
 *
 * @returns that directory
 * @throws BuildError with the end of the compiler's output
 */
export async function buildAddons(): Promise<string> {
  if (!existsSync(PACKAGE)) throw new BuildError('node_modules is not there: run scripts/setup');
  const tools = await findToolchain();
  const librdkafka = await buildLibrdkafka(tools);
  const out = addonDirectory(hostPlatform());
  mkdirSync(out, { recursive: true });
  const parts = [await compilePackage(tools, librdkafka), await compileOwn(tools, librdkafka)];
  publish(await linkKafkaAddon(tools, librdkafka, parts), join(out, KAFKA_ADDON));
  return out;
}

// --- internal ---

interface Librdkafka {
  hash: string;
  /** Holds librdkafka.a, librdkafka++.a and include/. */
  directory: string;
}

async function buildLibrdkafka(tools: Toolchain): Promise<Librdkafka> {
  const source = join(PACKAGE, 'deps/librdkafka');
  const recipe = [JSON.stringify([CONFIGURE, C_FLAGS]), tools.identity];
  const hash = sha256([...recipe, ...treeContents(source)]).slice(0, 16);
  const directory = join(cacheDirectory(), 'native', `librdkafka-${hash}`);
  if (existsSync(directory)) {
    step('librdkafka: cached');
    return { hash, directory };
  }
  step('librdkafka: building from the npm package (about a minute on 2 cores)');
  await build(directory, async work => {
    const tree = join(work, 'tree');
    cpSync(source, tree, { recursive: true });
    const env = { CC: tools.cc, CXX: tools.cxx, CFLAGS: C_FLAGS, CXXFLAGS: C_FLAGS };
    await command(['./configure', ...CONFIGURE], { cwd: tree, env });
    await command(['make', `-j${JOBS}`, 'libs'], { cwd: tree });
    mkdirSync(join(work, 'include'));
    for (const file of ['src/librdkafka.a', 'src-cpp/librdkafka++.a']) {
      cpSync(join(tree, file), join(work, basename(file)));
    }
    for (const file of ['src/rdkafka.h', 'src/rdkafka_mock.h', 'src-cpp/rdkafkacpp.h']) {
      cpSync(join(tree, file), join(work, 'include', basename(file)));
    }
    rmSync(tree, { recursive: true });
  });
  return { hash, directory };
}

/** A directory of objects to be linked, and what they were made of. */
interface Objects {
  hash: string;
  directory: string;
}

/** The official package's sources against the layer. */
async function compilePackage(tools: Toolchain, librdkafka: Librdkafka): Promise<Objects> {
  const sources = join(PACKAGE, 'src');
  const contents = [...treeContents(sources), ...treeContents(LAYER), ...treeContents(NODE_API)];
  const files = readdirSync(sources).filter(name => name.endsWith('.cc'));
  return compile(tools, {
    name: 'kafka',
    contents: [librdkafka.hash, ...contents],
    files: files.map(name => join(sources, name)),
    flags: [...CXX_FLAGS, '-w', ...includes(librdkafka)],
  });
}

/** Our own native code, beside it. */
async function compileOwn(tools: Toolchain, librdkafka: Librdkafka): Promise<Objects> {
  const parts = OWN_PARTS.map(part => join(OWN, part)).filter(existsSync);
  const top = ['addon.cc', 'node-api.h'].map(name => join(OWN, name));
  const contents = [
    ...parts.flatMap(treeContents),
    ...top.map(file => readFileSync(file)),
    ...treeContents(LAYER),
    ...treeContents(join(PACKAGE, 'src')),
  ];
  const files = parts.flatMap(part =>
    readdirSync(part)
      .filter(name => name.endsWith('.cc'))
      .map(name => join(part, name)),
  );
  return compile(tools, {
    name: 'sink',
    contents: [librdkafka.hash, ...contents],
    files: [top[0]!, ...files.sort()],
    // The package's and the layer's headers are not ours to warn about.
    flags: [
      ...CXX_FLAGS,
      '-Wall',
      '-Wextra',
      `-I${OWN}`,
      ...includes(librdkafka).map(i => i.replace(/^-I/, '-isystem')),
    ],
  });
}

interface Compilation {
  name: string;
  /** Everything that decides the result besides flags and tools. */
  contents: Array<string | Uint8Array>;
  files: string[];
  flags: string[];
}

async function compile(tools: Toolchain, { name, contents, files, flags }: Compilation): Promise<Objects> {
  const recipe = [JSON.stringify(flags.filter(flag => !flag.includes('/'))), tools.identity];
  const hash = sha256([...recipe, ...contents]).slice(0, 16);
  const directory = join(cacheDirectory(), 'native', `${name}-${hash}`);
  if (existsSync(directory)) {
    step(`${name}: cached`);
    return { hash, directory };
  }
  step(`${name}: compiling ${files.length} files`);
  await build(directory, async work => {
    await inParallel(files, async file => {
      const object = join(work, `${basename(join(file, '..'))}-${basename(file, '.cc')}.o`);
      await command([tools.cxx, ...flags, '-c', file, '-o', object]);
    });
  });
  return { hash, directory };
}

/** The layer stands before everything, so that its nan.h, v8.h, node.h and uv.h are the ones found. */
function includes(librdkafka: Librdkafka): string[] {
  return [LAYER, NODE_API, PACKAGE, join(librdkafka.directory, 'include')].map(path => `-I${path}`);
}

async function linkKafkaAddon(tools: Toolchain, librdkafka: Librdkafka, parts: Objects[]): Promise<string> {
  const recipe = [linkRecipe([]), tools.identity, librdkafka.hash, ...parts.map(part => part.hash)];
  const directory = join(cacheDirectory(), 'native', `addon-${sha256(recipe).slice(0, 16)}`);
  const addon = join(directory, KAFKA_ADDON);
  if (existsSync(directory)) {
    step('Kafka addon: cached');
    return addon;
  }
  await build(directory, async work => {
    const objects = parts.flatMap(part =>
      readdirSync(part.directory).map(name => join(part.directory, name)),
    );
    const archives = ['librdkafka++.a', 'librdkafka.a'].map(name => join(librdkafka.directory, name));
    const nghttp2 = await relocatableNghttp2(tools, work);
    const libraries = STATIC_LIBRARIES.filter(name => name !== NGHTTP2).map(name => `-l:${name}`);
    const system = [...libraries, '-ldl', '-lpthread', '-lrt', '-lm'];
    await link(tools, join(work, KAFKA_ADDON), [...objects.sort(), ...archives, nghttp2, ...system]);
    rmSync(nghttp2);
  });
  return addon;
}

/**
 * Debian's libnghttp2.a is made for executables, not for shared objects. On x86-64 that differs in one place: a debugging
 * function that is never called names `stderr` as executables may. It gets a variable of our own (native/http2/session.cc).
 */
async function relocatableNghttp2({ cc }: Toolchain, work: string): Promise<string> {
  const archive = (await command([cc, `-print-file-name=${NGHTTP2}`])).trim();
  const copy = join(work, NGHTTP2);
  await command(['objcopy', '--redefine-sym', 'stderr=milvus_sink_nghttp2_stderr', archive, copy]);
  return copy;
}

/** What decides the result of a compile and link besides sources and tools; the same in every clone. */
function linkRecipe(flags: string[]): string {
  const links = LINK_FLAGS.map(flag => flag.replace(EXPORTS, ''));
  return JSON.stringify([flags, links, STATIC_LIBRARIES, readFileSync(EXPORTS, 'utf8')]);
}

async function link(tools: Toolchain, output: string, inputs: string[]): Promise<void> {
  await command([tools.cxx, ...LINK_FLAGS, '-o', output, ...inputs]);
  // --unresolved-symbols=ignore-all would hide a forgotten function until it is called.
  // Weak ones (type w) may stay open: their users look whether they are there.
  const unknown = (await command(['nm', '-D', '--undefined-only', output]))
    .split('\n')
    .map(line => /^\s*U (\S+)$/.exec(line)?.[1] ?? '')
    .filter(name => name !== '' && !name.includes('@') && !name.startsWith('napi_'));
  if (unknown.length > 0) throw new BuildError(`${output} lacks ${unknown.join(', ')}`);
}

/** Fills `directory` by way of a neighbour that is renamed when all went well: the cache never holds half a build. */
async function build(directory: string, fill: (work: string) => Promise<void>): Promise<void> {
  const work = `${directory}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const started = performance.now();
  await fill(work);
  renameSync(work, directory);
  step(`  done in ${Math.round((performance.now() - started) / 1000)} s`);
}

/** Copies an addon by rename, since a running process may have the old one mapped. */
function publish(addon: string, path: string): void {
  const same = existsSync(path) && readFileSync(path).equals(readFileSync(addon));
  if (same) return;
  cpSync(addon, `${path}.new`);
  renameSync(`${path}.new`, path);
  step(`${path} (${megabytes(path)})`);
}
