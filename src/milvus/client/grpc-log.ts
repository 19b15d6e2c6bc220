// What grpc-js has to say by itself goes through the sink's log: without this it is a bare line on standard error.
import type { Logger } from '../../observe/log.ts';

/** The part of `@grpc/grpc-js` that is needed here. */
interface GrpcLogging {
  setLogger(logger: Pick<Console, 'error' | 'info' | 'debug'>): void;
}

/**
 * For the whole process, as grpc-js has it. Which messages there are is set by its own variables (GRPC_VERBOSITY,
 * GRPC_TRACE); by default errors only. None of them ends a call: what does is in the call's outcome.
 */
export function logGrpc(grpc: GrpcLogging, log: Logger): void {
  const writeAs = (level: 'warn' | 'debug') => (message: unknown) => log[level](`gRPC: ${String(message)}`);
  grpc.setLogger({ error: writeAs('warn'), info: writeAs('debug'), debug: writeAs('debug') });
}
