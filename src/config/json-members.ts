// Where the keys of a connector's JSON stand, each as often as it is written: JSON.parse tells neither.

export interface Member {
  key: string;
  /** From 1. */
  line: number;
}

/**
 * The keys of the outermost object and, where its `config` is an object, that one's, in the order of the text.
 * @param text an object's, known to be JSON
 */
export function findMembers(text: string): { outer: Member[]; config: Member[] } {
  const outer: Member[] = [];
  let config: Member[] = [];
  let depth = 0;
  let line = 1;
  let inConfig = false;
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') line++;
    else if (token === '}' || token === ']') depth--;
    else if (token === '{' || token === '[') {
      depth++;
      if (depth !== 2) continue;
      inConfig = token === '{' && outer.at(-1)?.key === 'config';
      // Of two objects of this name the last one wins.
      if (inConfig) config = [];
    } else if (token !== ':') last = token;
    else if (depth === 1) outer.push({ key: JSON.parse(last) as string, line });
    else if (depth === 2 && inConfig) config.push({ key: JSON.parse(last) as string, line });
  }
  return { outer, config };
}

// --- internal ---

/** What says where an object begins and ends, and a colon which string is a key. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:\n]/g;
