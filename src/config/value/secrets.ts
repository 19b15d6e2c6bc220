// Which keys hold secrets, and how their values are kept out of logs, errors and pages.

export const HIDDEN = '[hidden]';

/**
 * A secret is hidden by its key wherever a setting is shown. In foreign text (a server's words, an exception) only its
 * value can be looked for, and there a short one cannot be told from an ordinary word, nor one of digits alone from an
 * offset or a port: hiding these would make a log useless and, by what is missing, even tell the secret.
 */
const MIN_MASKED_LENGTH = 4;
/** Shorter ones are looked for as whole words only. The password half of `user:password` has to be as long. */
const MIN_MASKED_ANYWHERE = 8;
/** One more than the digits of the largest offset that is ever written (2^53). */
const MIN_MASKED_DIGITS = 17;

const SECRET_KEY =
  /password|passphrase|passwd|secret|token|credential|jaas|api[._-]?key|private|user\.info|bearer|(^|\.)(keystore|ssl)\.key$|key\.pem|keystore\.certificate|oauthbearer\.config|assertion/i;
/** Named like secrets, but places and times. */
const PUBLIC_KEY =
  /token\.endpoint\.url$|\.location$|private\.key\.file$|assertion\.(file|algorithm|claim\..*|.*template\.file)$|\.class$|credentials\.source$|\.(ms|seconds)$/i;

/** Whether values of this key are hidden, by its name (a misspelt `tokne` is not known here; unknown keys are never shown). */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !PUBLIC_KEY.test(key);
}

/**
 * Replaces every secret in a text, also as it looks inside JSON, a URL, base64 (gRPC's authorization header) or with
 * white space cut off.
 * @param secrets whole values that must not be seen; under 4 characters, or under 17 of digits alone, they are left
 *   out, and under 8 they are found as whole words
 */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const needles = new Set<string>();
  for (const secret of secrets) {
    for (const form of forms(secret)) if (form.length >= leastLength(form)) needles.add(form);
  }
  if (needles.size === 0) return text => text;
  // The longest first, so that no part of one stays when a shorter one is its beginning.
  const ordered = [...needles].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(ordered.map(patternOf).join('|'), 'g');
  return text => text.replace(pattern, HIDDEN);
}

// --- internal ---

function leastLength(text: string): number {
  return /^\d+$/.test(text) ? MIN_MASKED_DIGITS : MIN_MASKED_LENGTH;
}

function patternOf(needle: string): string {
  const pattern = escapeRegExp(needle);
  if (needle.length >= MIN_MASKED_ANYWHERE) return pattern;
  const before = /^[A-Za-z0-9]/.test(needle) ? '(?<![A-Za-z0-9])' : '';
  const after = /[A-Za-z0-9]$/.test(needle) ? '(?![A-Za-z0-9])' : '';
  return before + pattern + after;
}

function* forms(secret: string): Generator<string> {
  const trimmed = secret.trim();
  for (const text of new Set([secret, trimmed])) {
    yield text;
    yield JSON.stringify(text).slice(1, -1);
    yield encodeURIComponent(text.toWellFormed());
    yield Buffer.from(text).toString('base64').replace(/=+$/, '');
  }
  for (const line of trimmed.split(/[\r\n]+/))
    if (line.length >= 16 && !/^-+[A-Z ]+-+$/.test(line)) yield line;
  const colon = trimmed.indexOf(':');
  if (colon > 0 && trimmed.length - colon - 1 >= MIN_MASKED_ANYWHERE) yield trimmed.slice(colon + 1);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
