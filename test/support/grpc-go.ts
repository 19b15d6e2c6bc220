// grpc-go's server in a process of its own (scripts/stack/grpc-go), where the machine has a Go toolchain.
import { join } from 'node:path';
import { cacheDirectory, ROOT } from '../../scripts/native/toolchain.ts';

export interface GrpcGo {
  port: number;
  stop(): Promise<void>;
}

/** Why it cannot be had here; undefined when it can. Builds it, which takes long the first time. */
export function grpcGoLacks(): string | undefined {
  if (!Bun.which('go')) return 'no go';
  const built = Bun.spawnSync(['go', 'build', '-o', EXECUTABLE, '.'], {
    cwd: join(ROOT, 'scripts/stack/grpc-go'),
    stderr: 'pipe',
  });
  return built.exitCode === 0 ? undefined : `go build: ${built.stderr.toString().trim().split('\n').at(-1)}`;
}

/** @param tls paths of certificate and key */
export async function startGrpcGo(...tls: [] | [cert: string, key: string]): Promise<GrpcGo> {
  const child = Bun.spawn([EXECUTABLE, ...tls], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  let line = '';
  for await (const chunk of child.stdout) {
    line += Buffer.from(chunk).toString();
    if (line.includes('\n')) break;
  }
  return {
    port: Number(line),
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

// --- internal ---

const EXECUTABLE = join(cacheDirectory(), 'stack/grpc-go/server');
