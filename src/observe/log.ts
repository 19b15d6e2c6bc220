// Logs to stderr, one line an event, as text or JSON: whatever a record holds, it cannot forge a second line.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
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
  /** Replaces secrets wherever they might occur in a message or a field's value. */
  mask: (text: string) => string;
}

/** Longest message or value of one line, characters: a record of megabytes is not a log line. */
export const MAX_LOG_TEXT = 8192;

/** A logger of one line an event. Control characters are written as escapes, in both formats. */
export function createLogger(options: LoggerOptions): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const enabled = (level: LogLevel) => LOG_LEVELS.indexOf(level) >= threshold;
  // Masked before it is escaped: a secret with a quote in it would not be found afterwards.
  const clean = (text: string) => cut(options.mask(text));
  const emit = (level: LogLevel, message: string, fields?: LogFields) => {
    if (!enabled(level)) return;
    const time = options.now().toISOString();
    const render = options.format === 'json' ? renderJson : renderText;
    options.write(render(time, level, clean(message), fields, clean) + '\n');
  };
  return {
    debug: (m, f) => emit('debug', m, f),
    info: (m, f) => emit('info', m, f),
    warn: (m, f) => emit('warn', m, f),
    error: (m, f) => emit('error', m, f),
    enabled,
  };
}

/** A logger that adds these fields to every line. */
export function withFields(log: Logger, fields: LogFields): Logger {
  return {
    debug: (message, more) => log.debug(message, { ...fields, ...more }),
    info: (message, more) => log.info(message, { ...fields, ...more }),
    warn: (message, more) => log.warn(message, { ...fields, ...more }),
    error: (message, more) => log.error(message, { ...fields, ...more }),
    enabled: level => log.enabled(level),
  };
}

/** Text with every control and direction-changing character written as `\n`, `\t`, `\xNN` or `\uNNNN`. */
export function escapeControl(text: string): string {
  return text.isWellFormed() && !UNSAFE.test(text)
    ? text
    : text.toWellFormed().replace(UNSAFE_ALL, escapeOne);
}

// --- internal ---

type Clean = (text: string) => string;

// C0, DEL and C1 (terminal sequences), line separators, and the marks that reorder what a reader sees.
const UNSAFE_CLASS = '[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]';
const UNSAFE = new RegExp(UNSAFE_CLASS);
const UNSAFE_ALL = new RegExp(UNSAFE_CLASS, 'g');

function renderText(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
  clean: Clean,
): string {
  let text = `${time} ${level.toUpperCase().padEnd(5)} ${escapeControl(message)}`;
  for (const [key, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    // A number is an offset or a count, never a secret, whatever its digits.
    const plain = typeof value === 'string' ? clean(value) : String(value);
    const quoted = plain === '' || /[\s"=\\]/.test(plain) ? JSON.stringify(plain) : plain;
    text += ` ${escapeControl(key)}=${escapeControl(quoted)}`;
  }
  return text;
}

function renderJson(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
  clean: Clean,
): string {
  const own = { time, level, message };
  const rest: LogFields = {};
  for (const [key, value] of Object.entries(fields ?? {})) {
    // A field named like one of ours must not replace it.
    if (value !== undefined && !Object.hasOwn(own, key))
      rest[key] = typeof value === 'string' ? clean(value) : value;
  }
  return JSON.stringify({ ...own, ...rest }).replace(UNSAFE_ALL, escapeJson);
}

function escapeOne(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : escapeJson(character);
}

function escapeJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function cut(text: string): string {
  if (text.length <= MAX_LOG_TEXT) return text;
  return `${text.slice(0, MAX_LOG_TEXT)}… (${text.length - MAX_LOG_TEXT} characters more)`;
}
