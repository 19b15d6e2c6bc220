// Gives the native addon to the bundler (scripts/building/build.ts) and to `bun run`/`bun test` (preload.ts): one place that
// knows how the official package's dynamic `bindings` call is replaced by a static require, which Bun can embed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BunPlugin } from 'bun';
import { cacheDirectory, type Platform } from './toolchain.ts';

/**
 * The official package's addon, built on src/native/include. Our own native code that works beside librdkafka is in it:
 * `require('milvus-sink-native.node').sink` finds that.
 */
export const KAFKA_ADDON = 'confluent-kafka-javascript.node';

/** Where scripts/build leaves the addons of a platform, whatever their content hash is. */
export function addonDirectory(platform: Platform): string {
  return join(cacheDirectory(), 'native', platform);
}

/** For `Bun.build`: `@confluentinc/kafka-javascript` and `milvus-sink-native.node` become the addon in `directory`. */
export function bundledAddons(directory: string): BunPlugin {
  return {
    name: 'milvus-sink-addons',
    setup(build) {
      build.onLoad({ filter: KAFKA_LOADER }, () => ({
        contents: `module.exports = require(${JSON.stringify(existing(join(directory, KAFKA_ADDON)))});`,
        loader: 'js',
      }));
      build.onResolve({ filter: NATIVE_SPECIFIER }, () => ({ path: existing(join(directory, KAFKA_ADDON)) }));
    },
  };
}

/** The same for `Bun.plugin`, when nothing is bundled: the addon is loaded when the package is. */
export function loadedAddons(directory: string): BunPlugin {
  return {
    name: 'milvus-sink-addons',
    setup(build) {
      build.onLoad({ filter: KAFKA_LOADER }, () => ({
        exports: require(existing(join(directory, KAFKA_ADDON))),
        loader: 'object',
      }));
      build.onResolve({ filter: NATIVE_SPECIFIER }, () => ({ path: existing(join(directory, KAFKA_ADDON)) }));
    },
  };
}

// --- internal ---

/** The package's one file that looks for an addon, with `bindings`. */
const KAFKA_LOADER = /[\\/]@confluentinc[\\/]kafka-javascript[\\/]librdkafka\.js$/;
const NATIVE_SPECIFIER = /^milvus-sink-native\.node$/;

function existing(addon: string): string {
  if (!existsSync(addon)) throw new Error(`${addon} is missing: run scripts/build`);
  return addon;
}
