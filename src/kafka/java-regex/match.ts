// Matching without a way to hang: each part of a pattern gives all the places where it may end, each place once.
import type { CharClass } from './classes.ts';

/** One match under way: the name, and what the loops have found in it. */
export interface Run {
  readonly text: string;
  readonly memo: Map<object, Map<number, number[]>>;
}

/**
 * A part of a pattern: from a place in the name to all places where the part may end, the one that Java would try
 * first standing first. Equal places behave equally from there on (there are no back references), so each is listed
 * once, and the work grows with a power of the name's length at worst, where a backtracking matcher's may double with
 * each letter.
 */
export type Part = (run: Run, at: number) => number[];

/** True when the part matches the whole name (java.util.regex.Matcher.matches). */
export function matchesWhole(part: Part, text: string): boolean {
  return part({ text, memo: new Map() }, 0).includes(text.length);
}

export function one(chars: CharClass): Part {
  return ({ text }, at) => (at < text.length && chars(text.charCodeAt(at)) ? [at + 1] : []);
}

/** Matches without taking anything where the condition holds: anchors and boundaries. */
export function assertion(holds: (text: string, at: number) => boolean): Part {
  return ({ text }, at) => (holds(text, at) ? [at] : []);
}

export function sequence(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!;
  return (run, at) => {
    let ends = [at];
    for (const part of parts) {
      if (ends.length === 0) return ends;
      ends = ends.length === 1 ? part(run, ends[0]!) : distinct(ends.flatMap(end => part(run, end)));
    }
    return ends;
  };
}

export function choice(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!;
  return (run, at) => distinct(parts.flatMap(part => part(run, at)));
}

/** `(?=…)` and `(?!…)`. */
export function lookahead(part: Part, wanted: boolean): Part {
  return (run, at) => (part(run, at).length > 0 === wanted ? [at] : []);
}

/** `(?<=…)` and `(?<!…)`. */
export function lookbehind(part: Part, wanted: boolean): Part {
  return (run, at) => {
    for (let from = at; from >= 0; from--) {
      if (part(run, from).includes(at)) return wanted ? [at] : [];
    }
    return wanted ? [] : [at];
  };
}

/** `(?>…)`: what Java tries first, and nothing else. */
export function atomic(part: Part): Part {
  return (run, at) => part(run, at).slice(0, 1);
}

export type Greed = 'greedy' | 'lazy' | 'possessive';

/** @param max Infinity for no limit */
export function loop(part: Part, min: number, max: number, greed: Greed): Part {
  if (greed === 'possessive') return possessive(part, min, max);
  const self: Part = (run, at) => {
    const ends: number[] = [];
    // Rounds beyond `min` of an endless loop are all alike.
    const most = max === Number.POSITIVE_INFINITY ? min : max;
    const seen = new Set<number>();
    const visit = (round: number, from: number): void => {
      const state = Math.min(round, most) * (run.text.length + 1) + from;
      if (seen.has(state)) return;
      seen.add(state);
      if (greed === 'lazy' && round >= min) ends.push(from);
      if (round < max) {
        for (const end of part(run, from)) {
          // An empty round stands for all that are still asked for.
          if (end === from) ends.push(from);
          else visit(round + 1, end);
        }
      }
      if (greed === 'greedy' && round >= min) ends.push(from);
    };
    visit(0, at);
    return distinct(ends);
  };
  return remembered(self);
}

// --- internal ---

/** Java takes each round's first possibility here and never comes back to it. */
function possessive(part: Part, min: number, max: number): Part {
  return (run, at) => {
    let from = at;
    for (let round = 0; round < max; round++) {
      const end = part(run, from)[0];
      if (end === undefined) return round >= min ? [from] : [];
      if (end === from) return [from];
      from = end;
    }
    return [from];
  };
}

/** A loop in a loop would otherwise be run again from the same place by each round of the outer one. */
function remembered(part: Part): Part {
  return (run, at) => {
    const places = run.memo.get(part) ?? new Map<number, number[]>();
    run.memo.set(part, places);
    const ends = places.get(at) ?? part(run, at);
    places.set(at, ends);
    return ends;
  };
}

function distinct(places: number[]): number[] {
  return places.length < 2 ? places : [...new Set(places)];
}
