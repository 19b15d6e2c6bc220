// The inside of [...]: characters, ranges, escapes, brackets in brackets, and the intersections of them.
import { type CharClass, complement, type Flags, intersection, range, single, union } from './classes.ts';
import { readEscape } from './escape.ts';
import type { PatternSource } from './source.ts';

/**
 * Reads what follows a `[`, its `]` included.
 * @throws PatternError
 */
export function readBracket(source: PatternSource, flags: Flags): CharClass {
  return readMembers(source, flags, true);
}

// --- internal ---

/**
 * @param whole a bracket up to its `]`, where a `^` at the beginning means the opposite; else what stands right of an `&&`,
 *   up to the `]` of the bracket around it
 */
function readMembers(source: PatternSource, flags: Flags, whole: boolean): CharClass {
  source.enter();
  const opened = source.at - 1;
  const opposite = whole && source.take('^');
  let chars: CharClass | undefined;
  for (;;) {
    if (source.ended) throw source.invalid('a bracket is not closed', '[', opened);
    // A bracket that closes nothing yet is a character.
    if (source.char === ']' && chars) break;
    if (source.take('&&')) {
      const right = rightOfAnd(source, flags);
      // Java takes what stands before in part only.
      if (!right) throw source.unsupported('there is nothing to intersect with', '&&', source.at - 2);
      chars = chars ? intersection(chars, right) : right;
      continue;
    }
    const next = source.take('[') ? readMembers(source, flags, true) : readMember(source, flags);
    chars = chars ? union(chars, next) : next;
  }
  if (whole) source.at++;
  source.leave();
  return opposite ? complement(chars) : chars;
}

/** All that follows an `&&` up to the next one of the same bracket, or its end. */
function rightOfAnd(source: PatternSource, flags: Flags): CharClass | undefined {
  let right: CharClass | undefined;
  while (source.char !== ']' && source.char !== '&') {
    const next = source.take('[') ? readMembers(source, flags, true) : readMembers(source, flags, false);
    right = right ? union(right, next) : next;
  }
  return right;
}

/** A character, a range or a class in brackets. */
function readMember(source: PatternSource, flags: Flags): CharClass {
  const opened = source.at;
  const from = readMemberChar(source, flags);
  if (typeof from !== 'number') return from;
  const behind = source.ahead(1);
  if (source.char !== '-' || behind === undefined || behind === '[' || behind === ']')
    return single(from, flags);
  source.at++;
  const to = readMemberChar(source, flags, true);
  if (typeof to === 'number' && to >= from) return range(from, to, flags);
  throw source.invalid('a range that runs backwards or has no end', source.since(opened), opened);
}

function readMemberChar(source: PatternSource, flags: Flags, inRange = false): number | CharClass {
  // At either side of a hyphen, Java takes \v for one character.
  if (source.char === '\\') return readEscape(source, flags, inRange || source.ahead(2) === '-');
  return source.next().codePointAt(0)!;
}
