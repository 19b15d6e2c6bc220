// librdkafka's log lines: which of them are for a person, and which one says that the client is dead.

import { type ErrorModule, plainReason, withErrorCode } from './event-error.ts';
import type { RdError, TopicPartition } from './rdkafka.ts';
import { CODE } from './rdkafka.ts';

/** An `event.log` of the client. */
export interface ClientLogEvent {
  /** As syslog's: 0 emergency … 3 error, 4 warning, 5 notice, 6 info, 7 debug. */
  severity: number;
  /** What it is about, e.g. `FAIL`, `OFFSET`, `FATAL`. */
  fac: string;
  message: string;
}

export interface ClientLogLine {
  level: 'warn' | 'debug';
  text: string;
  /** Lines of one key are one and the same event that repeats itself. */
  key: string;
  /** The partition whose offset was reset: which records it has is worth a question. */
  reset?: TopicPartition;
}

/**
 * The line for our log.
 * @param connected a broker has answered since the start; before that a failed connection is reported by what waits for it
 */
export function clientLogLine(event: ClientLogEvent, connected: boolean): ClientLogLine {
  const { severity, fac, message } = event;
  const plain = plainReason(message);
  const reset = offsetReset(fac, plain);
  if (reset) return reset;
  const level = severity > WARNING || (fac === 'FAIL' && !connected) ? 'debug' : 'warn';
  return { level, text: `librdkafka ${fac}: ${plain}`, key: `${fac} ${plain.replace(/\d+/g, '#')}` };
}

/**
 * The error that killed the client, if the event tells of one. It is logged at `log_level=0` too, where the error itself
 * may be swallowed: the client's `consume` drops it when records came before it.
 * @returns its cause's code, or ERR__FATAL when the text names none
 */
export function fatalLogError(
  { fac, message }: ClientLogEvent,
  module?: () => ErrorModule,
): RdError | undefined {
  if (fac !== 'FATAL') return undefined;
  const text = plainReason(message).replace(/^Fatal error: /, '');
  const { code } = withErrorCode({ code: CODE.UNKNOWN, message: text }, module);
  return { code: code === CODE.UNKNOWN ? CODE.FATAL : code, message: text };
}

// --- internal ---

/** syslog's. */
const WARNING = 4;

/**
 * "orders [3]: offset reset (at offset 10 (leader epoch 0), broker 1) to cached BEGINNING offset 100 (leader epoch -1):
 * fetch failed due to …: Broker: Offset out of range": records were skipped, or are read again.
 */
function offsetReset(fac: string, text: string): ClientLogLine | undefined {
  if (fac !== 'OFFSET') return undefined;
  const match = /^(\S+) \[(\d+)\]: offset reset \(at (.*), broker -?\d+\) to (.*?): (.*)$/.exec(text);
  if (!match) return undefined;
  const [, topic = '', partition = '', from = '', to = '', why = ''] = match;
  const warning = `offset reset of ${topic}-${partition}: from ${place(from)} to ${place(to)}: records in between are not read, or are read again; ${why}`;
  return { level: 'warn', text: warning, key: warning, reset: { topic, partition: Number(partition) } };
}

/** "cached BEGINNING offset 7 (leader epoch -1)", "offset BEGINNING", "offset END", "offset 7" */
function place(text: string): string {
  const offset = /offset (\d+)/.exec(text);
  if (offset) return offset[1]!;
  return text.includes('BEGINNING') ? 'the beginning' : text.includes('END') ? 'the end' : text;
}
