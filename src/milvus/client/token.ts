// The connector's guide shows its token as asterisks: who copied its file may have forgotten to put in his own.

/** True for a token that is the guide's placeholder. */
export function isPlaceholder(token: string): boolean {
  return /^\*{3,}$/.test(token);
}
