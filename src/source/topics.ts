// topics.regex: Java's syntax in librdkafka's words.
import { EXIT, SinkError } from '../errors.ts';

/**
 * librdkafka takes a subscription that starts with `^` as a POSIX extended regular expression; Connect matches the
 * whole name with java.util.regex. What both know passes, common Java shorthands are translated.
 * @throws SinkError CONFIG_INVALID for constructs that POSIX lacks
 */
export function subscriptionPattern(javaRegex: string): string {
  const unsupported = /\(\?|\\[^dDwWsS.\\()[\]{}|*+?^$-]|[*+?}][+?]|&&/.exec(javaRegex);
  if (unsupported) {
    throw new SinkError(
      'CONFIG_INVALID',
      EXIT.configuration,
      'topics.regex uses syntax that librdkafka lacks',
      {
        expected: 'POSIX extended regular expressions, \\d, \\w, \\s',
        found: unsupported[0],
        fix: 'Write it with character classes and groups, or list the topics in `topics`',
      },
    );
  }
  const posix = javaRegex
    .replaceAll('\\d', '[0-9]')
    .replaceAll('\\D', '[^0-9]')
    .replaceAll('\\w', '[A-Za-z0-9_]')
    .replaceAll('\\W', '[^A-Za-z0-9_]')
    .replaceAll('\\s', '[[:space:]]')
    .replaceAll('\\S', '[^[:space:]]')
    .replace(/^\^/, '')
    .replace(/\$$/, '');
  return `^(${posix})$`;
}
