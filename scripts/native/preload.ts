// Preloaded by bunfig.toml: `bun run src/main.ts` and `bun test` find the addons without a compiled executable.
import { plugin } from 'bun';
import { addonDirectory, loadedAddons } from './plugin.ts';
import { hostPlatform } from './toolchain.ts';

plugin(loadedAddons(addonDirectory(hostPlatform())));
