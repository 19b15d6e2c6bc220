// Whatever a library writes past the log, on the console or as a warning of the process, becomes a line of the log:
// standard error of a running sink is one event a line, in one format.
import { format } from 'node:util';
import type { Logger } from '../observe/log.ts';

/** The parts of `globalThis` that libraries write with. */
export interface Outlets {
  console: Pick<Console, 'error' | 'warn' | 'info' | 'log' | 'debug'>;
  process: Pick<typeof process, 'emitWarning'>;
}

/** From now on, for the life of the process. What a library calls an error ends nothing here, so it is a warning. */
export function logStrayOutput(outlets: Outlets, log: Logger): void {
  const say =
    (level: 'warn' | 'debug') =>
    (...words: unknown[]) =>
      log[level](format(...words));
  Object.assign(outlets.console, {
    error: say('warn'),
    warn: say('warn'),
    info: say('debug'),
    log: say('debug'),
    debug: say('debug'),
  });
  outlets.process.emitWarning = (warning: string | Error) =>
    log.warn(warning instanceof Error ? `${warning.name}: ${warning.message}` : warning);
}
