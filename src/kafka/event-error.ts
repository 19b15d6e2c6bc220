// The client's error events carry a text and no code (always -1): this finds the code by librdkafka's own texts.

import type { RdError } from './rdkafka.ts';
import { CODE } from './rdkafka.ts';

/** The package's error module, of which its index shows only the codes. */
export interface ErrorModule {
  codes: Readonly<Record<string, number>>;
  /** An error with librdkafka's text for the code (rd_kafka_err2str). */
  create(code: number): { message: string };
}

/**
 * Gives an error of an `event.error` its code back.
 * @param error as the event brings it; one that has a code already is returned as it is
 * @returns the same text with librdkafka's code (rdkafka.h rd_kafka_resp_err_t), or -1 when no code has this text
 */
export function withErrorCode(error: RdError, module: () => ErrorModule = errorModule): RdError {
  if (error.code !== CODE.UNKNOWN) return error;
  codes ??= codesByText(module());
  const code = codes.get(plain(error.message));
  return code === undefined ? error : { code, message: error.message };
}

/**
 * The code of an error's name.
 * @param name as librdkafka has it (rd_kafka_err2name), e.g. `FENCED_INSTANCE_ID`, `_FATAL`
 * @returns ERR__FATAL's code for a name that is unknown
 */
export function errorCodeOf(name: string, module: () => ErrorModule = errorModule): number {
  const { codes } = module();
  const key = `ERR_${name}`;
  return Object.hasOwn(codes, key) ? codes[key]! : CODE.FATAL;
}

/** librdkafka's words without its thread, address and timing: what a person needs of a FAIL line. */
export function plainReason(message: string): string {
  return message
    .replace(/^\[thrd:[^\]]*\]: /, '')
    .replace(/^\S+?\/(bootstrap|\d+): /, '')
    .replace(/ \(after \d+ms in state .*\)$/, '');
}

// --- internal ---

let codes: Map<string, number> | undefined;

function errorModule(): ErrorModule {
  // A static specifier, so that the bundler finds it.
  return require('@confluentinc/kafka-javascript/lib/error.js') as ErrorModule;
}

function codesByText({ codes, create }: ErrorModule): Map<string, number> {
  const byText = new Map<string, number>();
  for (const code of Object.values(codes)) {
    if (code === CODE.UNKNOWN) continue;
    const text = plain(create(code).message);
    if (!byText.has(text)) byText.set(text, code);
  }
  return byText;
}

/** The package cuts `Local: ` or `Broker: ` off an event's text and lowers its case; what follows a further colon is lost. */
function plain(text: string): string {
  const parts = text.split(': ');
  return (parts[1] ?? parts[0]!).toLowerCase();
}
