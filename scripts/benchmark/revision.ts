// The executable of a git revision: built by that revision's own scripts in a work tree that goes afterwards, kept in
// .cache/revisions/<commit>/milvus-sink.
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, command, ROOT } from '../native/toolchain.ts';
import { progress } from './progress.ts';

export interface Revision {
  /** As it was asked for, with the commit when that is something else. */
  name: string;
  executable: string;
}

/**
 * Builds the executable of `asked` (a branch, tag, commit, …) unless that was done before.
 * @throws Error when the repository has no such commit, or with the end of the build's output when it fails
 */
export async function revisionExecutable(asked: string): Promise<Revision> {
  const commit = commitOf(asked);
  const short = commit.slice(0, 12);
  const name = commit.startsWith(asked) ? asked : `${asked} (${short})`;
  const directory = join(cacheDirectory(), 'revisions', commit);
  const executable = join(directory, 'milvus-sink');
  if (!existsSync(executable)) {
    await progress(`${name}: building its executable, once`, () => build(commit, directory, executable));
  }
  return { name, executable };
}

/** This tree's commit, with `+` when files differ from it; empty outside a repository. */
export function treeCommit(): string {
  const commit = git('rev-parse', '--short=12', 'HEAD').out;
  return commit !== '' && git('status', '--porcelain').out !== '' ? `${commit}+` : commit;
}

// --- internal ---

function commitOf(asked: string): string {
  const { ok, out } = git('rev-parse', '--verify', '--quiet', '--end-of-options', `${asked}^{commit}`);
  if (!ok)
    throw new Error(`--compare ${asked}: this repository has no such commit (a shallow clone? git fetch)`);
  return out;
}

async function build(commit: string, directory: string, executable: string): Promise<void> {
  const tree = join(directory, 'tree');
  const remove = () => {
    git('worktree', 'remove', '--force', tree);
    rmSync(tree, { recursive: true, force: true });
    git('worktree', 'prune');
  };
  mkdirSync(directory, { recursive: true });
  remove(); // of a run that was killed
  process.on('exit', remove);
  try {
    await command(['git', 'worktree', 'add', '--detach', tree, commit]);
    const cache = join(tree, '.cache');
    lendNativeBuilds(join(cache, 'native'));
    const options = { cwd: tree, env: { MILVUS_SINK_CACHE: cache } };
    await command([join(tree, 'scripts/setup')], options);
    await command([join(tree, 'scripts/build')], options);
    copyFileSync(join(tree, 'dist/milvus-sink'), `${executable}.new`);
    renameSync(`${executable}.new`, executable);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/**
 * Gives a cache of its own what this repository's has of native builds. Not the cache itself: a build leaves the addons
 * that it used in `native/<platform>`, where this tree's tests and `bun run` would find the revision's.
 */
function lendNativeBuilds(cache: string): void {
  mkdirSync(cache, { recursive: true });
  const own = join(cacheDirectory(), 'native');
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    if (/-[0-9a-f]{16}$/.test(name)) symlinkSync(join(own, name), join(cache, name));
  }
}

function git(...args: string[]): { ok: boolean; out: string } {
  const { exitCode, stdout } = Bun.spawnSync(['git', ...args], { cwd: ROOT, stderr: 'ignore' });
  return { ok: exitCode === 0, out: stdout.toString().trim() };
}
