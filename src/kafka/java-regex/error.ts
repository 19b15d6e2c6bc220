// The one way in which a pattern is refused.

/** Why a pattern is not taken. */
export class PatternError extends Error {
  /**
   * @param construct what stands there
   * @param at its place, the first character being 1
   * @param java true when Java refuses it as well; false when Java knows it and this program does not
   */
  constructor(
    readonly problem: string,
    readonly construct: string,
    readonly at: number,
    readonly java: boolean,
  ) {
    super(`${problem}: ${construct} at character ${at}`);
  }
}
