// java.util.regex's syntax (of Java 9 and later) → a matcher, by the rules of java.util.regex.Pattern, construct by construct.
import { readBracket } from './bracket.ts';
import { ANY, type Flags, single } from './classes.ts';
import { readEscape } from './escape.ts';
import {
  assertion,
  atomic,
  choice,
  type Greed,
  lookahead,
  lookbehind,
  loop,
  one,
  type Part,
  sequence,
} from './match.ts';
import { PatternSource } from './source.ts';

/**
 * Reads a pattern for topic names.
 * @throws PatternError
 */
export function parsePattern(pattern: string): Part {
  return new Parser(pattern).parse();
}

// --- internal ---

const EMPTY: Part = (_, at) => [at];
const NOTHING: Part = () => [];
const BEGIN = assertion((_, at) => at === 0);
/** Topic names have no line ends, so `$`, `\Z` and `\z`, with `(?m)` or without, are one. */
const END = assertion((text, at) => at === text.length);
const BOUNDARY = assertion((text, at) => wordAt(text, at - 1) !== wordAt(text, at));
const NO_BOUNDARY = assertion((text, at) => wordAt(text, at - 1) === wordAt(text, at));

function wordAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text[at]!);
}

/** Escapes outside brackets that match no single character. */
const PLACES: ReadonlyMap<string, Part> = new Map([
  ['A', BEGIN],
  ['G', BEGIN],
  ['Z', END],
  ['z', END],
  ['b', BOUNDARY],
  ['B', NO_BOUNDARY],
  // A line end, of which a name has none.
  ['R', NOTHING],
]);
const JAVA_INT_MAX = 2147483647;

class Parser {
  private readonly source: PatternSource;
  /** Repetitions without a limit so far. */
  private endless = 0;
  private readonly names = new Set<string>();
  private flags: Flags = { ignoreCase: false, unicodeCase: false };

  constructor(pattern: string) {
    this.source = new PatternSource(pattern);
  }

  parse(): Part {
    const { source } = this;
    const part = this.alternatives();
    if (!source.ended) throw source.invalid('a bracket is closed that was not opened');
    return part;
  }

  private alternatives(): Part {
    const { source } = this;
    source.enter();
    const parts = [this.branch()];
    while (source.take('|')) parts.push(this.branch());
    source.leave();
    return choice(parts);
  }

  private branch(): Part {
    const { source } = this;
    const parts: Part[] = [];
    while (!source.ended && source.char !== '|' && source.char !== ')') {
      const part = this.atom();
      // Inline flags are no atom: a quantifier after them has nothing to repeat.
      if (part) parts.push(this.quantified(part));
    }
    return parts.length === 0 ? EMPTY : sequence(parts);
  }

  private atom(): Part | undefined {
    const { source } = this;
    const { char } = source;
    switch (char) {
      case '(':
        return this.group();
      case '[':
        source.at++;
        return one(readBracket(source, this.flags));
      case '\\':
        return this.escapedAtom();
      case '*':
      case '+':
      case '?':
        throw source.invalid('there is nothing to repeat before it');
      case '{':
        // Java takes it for a repetition of nothing.
        throw source.unsupported('there is nothing to repeat before it');
    }
    source.at++;
    if (char === '^') return BEGIN;
    if (char === '$') return END;
    if (char === '.') return one(ANY);
    return one(single(char.codePointAt(0)!, this.flags));
  }

  private quantified(part: Part): Part {
    const { source } = this;
    const limits = this.limits();
    if (!limits) return part;
    const greed: Greed = source.take('?') ? 'lazy' : source.take('+') ? 'possessive' : 'greedy';
    // Java takes a second {…} for a repetition of nothing, and refuses the others.
    if (source.char === '{') throw source.unsupported('a repetition is repeated');
    if (source.char !== '' && '*+?'.includes(source.char)) throw source.invalid('a repetition is repeated');
    if (limits[1] === Number.POSITIVE_INFINITY) this.endless++;
    return loop(part, ...limits, greed);
  }

  private limits(): [number, number] | undefined {
    const { source } = this;
    if (source.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (source.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (source.take('?')) return [0, 1];
    if (source.char !== '{') return undefined;
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(source.rest);
    if (!match) throw source.invalid('not a number of repetitions', '{');
    const min = Number(match[1]);
    const max = !match[2] ? min : match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY;
    if (min > max || min > JAVA_INT_MAX || (max > JAVA_INT_MAX && max !== Number.POSITIVE_INFINITY))
      throw source.invalid('not a number of repetitions', match[0]);
    source.at += match[0].length;
    return [min, max];
  }

  private group(): Part | undefined {
    const { source } = this;
    const opened = source.at;
    const [outer, endless] = [this.flags, this.endless];
    const wrap = this.groupKind();
    if (!wrap) return undefined;
    const construct = source.since(opened);
    const part = this.alternatives();
    if (!source.take(')')) throw source.invalid('a bracket is not closed', '(', opened);
    // Java refuses most of these, and looks back too short a way in the rest.
    if (/^\(\?<[=!]/.test(construct) && this.endless > endless)
      throw source.unsupported('looking back over a repetition without a limit', construct, opened);
    this.flags = outer;
    return wrap(part);
  }

  /** What stands behind `(`; undefined for `(?i)`, whose flags stay for the rest of the group around it. */
  private groupKind(): ((part: Part) => Part) | undefined {
    const { source } = this;
    const opened = source.at;
    const plain = (part: Part) => part;
    if (!source.take('(?')) {
      source.at++;
      return plain;
    }
    if (source.take(':')) return plain;
    if (source.take('=')) return part => lookahead(part, true);
    if (source.take('!')) return part => lookahead(part, false);
    if (source.take('>')) return atomic;
    if (source.take('<=')) return part => lookbehind(part, true);
    if (source.take('<!')) return part => lookbehind(part, false);
    const { rest: text } = source;
    const name = /^<([A-Za-z][A-Za-z0-9]*)>/.exec(text);
    if (name) {
      if (this.names.has(name[1]!)) throw source.invalid('a group has a name twice', `(?${name[0]}`, opened);
      this.names.add(name[1]!);
      source.at += name[0].length;
      return plain;
    }
    const flags = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(text);
    if (!flags) throw source.invalid('a kind of group that there is not', `(?${text.slice(0, 1)}`, opened);
    const [whole, on = '', off = '', end] = flags;
    const construct = `(?${whole}`;
    for (const flag of on + off) {
      if (!'idmsuxU'.includes(flag)) throw source.invalid('a flag that there is not', construct, opened);
    }
    // Comments would make white space and # mean nothing from here on. The others: names have no lines.
    if (on.includes('x')) throw source.unsupported('comments (?x) are not known here', construct, opened);
    source.at += whole.length;
    const set = (flag: RegExp, now: boolean) => (now || flag.test(on)) && !flag.test(off);
    this.flags = {
      ignoreCase: set(/i/, this.flags.ignoreCase),
      unicodeCase: set(/[uU]/, this.flags.unicodeCase),
    };
    return end === ':' ? plain : undefined;
  }

  private escapedAtom(): Part {
    const { source } = this;
    const letter = source.ahead(1) ?? '';
    const place = PLACES.get(letter);
    if (place) {
      source.at += 2;
      if (letter === 'b' && source.char === '{') {
        throw source.unsupported('boundaries of another kind are not known here', '\\b{', source.at - 2);
      }
      return place;
    }
    if (/[1-9k]/.test(letter)) throw source.unsupported('back references are not known here', `\\${letter}`);
    const found = readEscape(source, this.flags, false);
    return one(typeof found === 'number' ? single(found, this.flags) : found);
  }
}
