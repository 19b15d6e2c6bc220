// Logs to stderr, one line an event, as text or JSON.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';
export type LogFields = Record<string, string | number | boolean | undefined>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  enabled(level: LogLevel): boolean;
}

export interface LoggerOptions {
  level: LogLevel;
  format: LogFormat;
  now: () => Date;
  write: (line: string) => void;
  /** Replaces secrets wherever they might occur in a line. */
  mask: (text: string) => string;
}

export function createLogger(options: LoggerOptions): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const enabled = (level: LogLevel) => LOG_LEVELS.indexOf(level) >= threshold;
  const emit = (level: LogLevel, message: string, fields?: LogFields) => {
    if (!enabled(level)) return;
    const time = options.now().toISOString();
    const line =
      options.format === 'json'
        ? JSON.stringify({ time, level, message, ...fields })
        : `${time} ${level.toUpperCase().padEnd(5)} ${message}${renderFields(fields)}`;
    options.write(options.mask(line) + '\n');
  };
  return {
    debug: (m, f) => emit('debug', m, f),
    info: (m, f) => emit('info', m, f),
    warn: (m, f) => emit('warn', m, f),
    error: (m, f) => emit('error', m, f),
    enabled,
  };
}

// --- internal ---

function renderFields(fields: LogFields | undefined): string {
  if (!fields) return '';
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const plain = String(value);
    text += ` ${key}=${/[\s"=]/.test(plain) || plain === '' ? JSON.stringify(plain) : plain}`;
  }
  return text;
}
