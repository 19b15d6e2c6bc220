// A pattern on its way through the parser: its characters, where it is, and what is wrong at which place.
import { PatternError } from './error.ts';

const MAX_NESTING = 200;

export class PatternSource {
  private readonly chars: string[];
  /** Places of `chars` in the pattern as written. */
  private readonly places: number[];
  private depth = 0;
  /** Index of the character that is read next. */
  at = 0;

  constructor(pattern: string) {
    ({ chars: this.chars, places: this.places } = unquote(pattern));
  }

  /** The character that is read next; empty at the end. */
  get char(): string {
    return this.chars[this.at] ?? '';
  }

  get ended(): boolean {
    return this.at >= this.chars.length;
  }

  /** All that has not been read. */
  get rest(): string {
    return this.chars.slice(this.at).join('');
  }

  /** The character so many behind the next one; undefined beyond the end. */
  ahead(by: number): string | undefined {
    return this.chars[this.at + by];
  }

  /** What has been read since `from`. */
  since(from: number): string {
    return this.chars.slice(from, this.at).join('');
  }

  /** Reads one character; there must be one. */
  next(): string {
    return this.chars[this.at++]!;
  }

  /** Reads the text if it is what comes next. */
  take(text: string): boolean {
    const found = this.chars.slice(this.at, this.at + text.length).join('') === text;
    if (found) this.at += text.length;
    return found;
  }

  /** A group or a bracket opens. @throws PatternError */
  enter(): void {
    if (++this.depth > MAX_NESTING) throw this.unsupported('nested too deeply');
  }

  leave(): void {
    this.depth--;
  }

  /** Java refuses it as well. */
  invalid(problem: string, construct = this.char, at = this.at): PatternError {
    return this.error(problem, construct, at, true);
  }

  /** Java knows it, this program does not. */
  unsupported(problem: string, construct = this.char, at = this.at): PatternError {
    return this.error(problem, construct, at, false);
  }

  // --- internal ---

  private error(problem: string, construct: string, at: number, java: boolean): PatternError {
    return new PatternError(problem, construct, (this.places[at] ?? this.chars.length) + 1, java);
  }
}

/** `\Q…\E` as escapes of their characters: Java does that before it reads anything else, in brackets, too. */
function unquote(pattern: string): { chars: string[]; places: number[] } {
  const chars: string[] = [];
  const places: number[] = [];
  const written = Array.from(pattern);
  let quoted = false;
  for (let i = 0; i < written.length; i++) {
    const char = written[i]!;
    const next = written[i + 1];
    if (char === '\\' && next === (quoted ? 'E' : 'Q')) {
      quoted = !quoted;
      i++;
      continue;
    }
    if (quoted ? /^[!-/:-@[-`{-~]$/.test(char) : false) {
      chars.push('\\');
      places.push(i);
    }
    chars.push(char);
    places.push(i);
    // What follows a backslash outside quotes is not looked at: \\Q is a backslash and a Q.
    if (!quoted && char === '\\' && next !== undefined) {
      chars.push(next);
      places.push(++i);
    }
  }
  return { chars, places };
}
