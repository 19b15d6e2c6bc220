// The programs of ours that run beside the executable: what somebody would write instead of it.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, command, sha256, treeContents } from '../native/toolchain.ts';
import { stack } from '../stack/stack.ts';
import { type Candidate, COLLECTION, launch } from './candidate.ts';
import { type RivalName, UsageError } from './options.ts';
import { progress } from './progress.ts';

/**
 * Makes a rival ready to run.
 * @throws UsageError when this machine lacks what it is made with
 */
export function rival(name: RivalName): Promise<Candidate> {
  return name === 'go' ? goRival() : pythonRival();
}

// --- internal ---

const GO = join(import.meta.dir, 'rival-go');
const PYTHON = join(import.meta.dir, 'rival.py');

async function goRival(): Promise<Candidate> {
  const executable = await goExecutable();
  return {
    name: 'Go',
    start: async ({ topic, brokers, endpoint }) =>
      launch([executable, topic, new URL(endpoint).host, brokers, COLLECTION]),
  };
}

/** Builds it unless that was done before, from the same files with the same Go. */
async function goExecutable(): Promise<string> {
  const go = Bun.which('go');
  if (!go)
    throw new UsageError('--rival go needs a Go toolchain, and there is no go on PATH (https://go.dev/dl)');
  const identity = await command([go, 'version']);
  const hash = sha256([identity, ...treeContents(GO)]).slice(0, 16);
  const directory = join(cacheDirectory(), 'rivals', `go-${hash}`);
  const executable = join(directory, 'rival-go');
  if (!existsSync(executable)) {
    mkdirSync(directory, { recursive: true });
    await progress('the Go rival: building it, once', async () => {
      await command([go, 'build', '-buildvcs=false', '-o', `${executable}.new`, '.'], { cwd: GO });
      renameSync(`${executable}.new`, executable);
    });
  }
  return executable;
}

async function pythonRival(): Promise<Candidate> {
  const venv = (await stack('venv.sh', ['lite3'])).split('\n').at(-1)!;
  return {
    name: 'Python',
    start: async ({ topic, brokers, endpoint }) =>
      launch([join(venv, 'bin/python'), PYTHON, topic, endpoint, brokers, COLLECTION], {
        GRPC_VERBOSITY: 'NONE',
      }),
  };
}
