// Which keys hold secrets, and how their values are kept out of logs, errors and pages.

export const HIDDEN = '[hidden]';

/** Shorter values are not looked for in free text: they would blot out ordinary words. */
const MIN_MASKED_LENGTH = 4;
/** The password half of `user:password` alone is looked for only when it is no everyday word such as `Milvus`. */
const MIN_MASKED_PASSWORD = 8;

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
 * @param secrets values that must not be seen; values under 4 characters can't be told from ordinary text and are left out
 */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const needles = new Set<string>();
  for (const secret of secrets) {
    for (const form of forms(secret)) if (form.length >= MIN_MASKED_LENGTH) needles.add(form);
  }
  if (needles.size === 0) return text => text;
  // The longest first, so that no part of one stays when a shorter one is its beginning.
  const ordered = [...needles].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(ordered.map(escapeRegExp).join('|'), 'g');
  return text => text.replace(pattern, HIDDEN);
}

// --- internal ---

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
  if (colon > 0 && trimmed.length - colon - 1 >= MIN_MASKED_PASSWORD) yield trimmed.slice(colon + 1);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
