// The build: native addons (cached by content), then one executable with Bun, the addons and src/main.ts in it.
// scripts/build starts it.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAddons } from '../native/addons.ts';
import { addonDirectory, bundledAddons, KAFKA_ADDON } from '../native/plugin.ts';
import { slimSdkPlugin } from '../native/slim-sdk.ts';
import { BuildError, hostPlatform, megabytes, type Platform, ROOT, step } from '../native/toolchain.ts';
import { isCurrent } from './current.ts';

/** What an executable is made of, besides the machine's compiler and static libraries. */
const SOURCES = ['src', 'scripts/building', 'scripts/native', 'package-lock.json'];
const HELP = 'scripts/build --help has the options';

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`build: ${error.message}\n`);
  process.exit(1);
}

// --- internal ---

async function main(): Promise<void> {
  const options = readOptions();
  if (
    options.ifNeeded &&
    isCurrent(
      options.outfile,
      SOURCES.map(path => join(ROOT, path)),
    )
  )
    return;
  const platform = platformOf(options.target);
  const addons = platform === hostPlatform() ? await buildAddons() : foreignAddons(platform);
  if (options.nativeOnly) return;
  const main = join(ROOT, 'src/main.ts');
  if (!existsSync(main)) throw new BuildError(`${main} is not there; --native-only builds the addons alone`);
  await bundle(main, options.outfile, platform, addons);
  step(`${options.outfile} (${megabytes(options.outfile)})`);
}

interface Options {
  target: string;
  outfile: string;
  nativeOnly: boolean;
  ifNeeded: boolean;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', default: `bun-${hostPlatform()}` },
        outfile: { type: 'string', default: join(ROOT, 'dist/milvus-sink') },
        'native-only': { type: 'boolean', default: false },
        'if-needed': { type: 'boolean', default: false },
      },
    });
    return {
      target: values.target,
      // The door has gone into the repository; a relative path is meant from where its user stands.
      outfile: resolve(process.env.INIT_CWD ?? '', values.outfile),
      nativeOnly: values['native-only'],
      ifNeeded: values['if-needed'],
    };
  } catch (error) {
    throw new BuildError(`${(error as Error).message}\n${HELP}`);
  }
}

function platformOf(target: string): Platform {
  const match = /^bun-([a-z]+-[a-z0-9]+)(-[a-z]+)?$/.exec(target);
  if (!match) throw new BuildError(`--target ${target} is none of Bun's\n${HELP}`);
  return `${match[1]}${match[2] ?? ''}` as Platform;
}

/** C++ is not cross-compiled here: the addons of another platform must have been built there and copied. */
function foreignAddons(platform: Platform): string {
  const directory = addonDirectory(platform);
  if (!existsSync(join(directory, KAFKA_ADDON))) {
    throw new BuildError(
      `there are no native addons for ${platform}, and this build does not cross-compile C++. ` +
        `Run scripts/build --native-only on a ${platform} machine and copy its .cache/native/${platform} to ${directory}.`,
    );
  }
  return directory;
}

/** The commit that is built, `+` when the tree differs from it; empty outside a repository. */
function commit(): string {
  const git = (...args: string[]) =>
    Bun.spawnSync(['git', ...args], { stderr: 'ignore' })
      .stdout.toString()
      .trim();
  const hash = git('rev-parse', '--short=12', 'HEAD');
  return hash && git('status', '--porcelain') !== '' ? `${hash}+` : hash;
}

async function bundle(main: string, outfile: string, platform: Platform, addons: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  const result = await Bun.build({
    entrypoints: [main],
    target: 'bun',
    format: 'esm',
    // Measured 2026-11-22 (median of 12 `--version`, 2 shared cores; size): neither 69 ms, 120.2 MB; minify 47 ms,
    // 119.2 MB; bytecode 19 ms, 125.9 MB; both 14 ms, 124.9 MB.
    minify: true,
    bytecode: true,
    define: { 'process.env.BUILD_COMMIT': JSON.stringify(commit()) },
    compile: {
      outfile,
      ...(platform === hostPlatform() ? {} : { executablePath: foreignBun(platform) }),
      // A bunfig.toml or .env that lies in the working directory is no business of ours.
      autoloadBunfig: false,
      autoloadDotenv: false,
    },
    plugins: [bundledAddons(addons), slimSdkPlugin],
    throw: false,
  });
  if (!result.success) throw new BuildError(result.logs.map(String).join('\n'));
  for (const log of result.logs) step(String(log));
}

/** The Bun executable of another platform, from npm: `--target` alone would ignore a configured registry. */
function foreignBun(platform: Platform): string {
  const path = join(ROOT, `node_modules/@oven/bun-${platform}/bin/bun`);
  if (existsSync(path)) return path;
  throw new BuildError(
    `${path} is missing: npm pack @oven/bun-${platform}@${Bun.version} and unpack it there (npm install leaves it out as it is not for this machine)`,
  );
}
