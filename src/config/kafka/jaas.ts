// sasl.jaas.config → login module and options, by the rules of Kafka's JaasConfig (java.io.StreamTokenizer).

export interface JaasEntry {
  /** Class of the login module. */
  module: string;
  options: Map<string, string>;
}

/**
 * Reads `Module required key="value" …;`. Quotes are double or single with Java's escapes; comments are skipped.
 * @returns the entry, or a sentence saying what is wrong (without any text of the configuration)
 */
export function parseJaas(config: string): JaasEntry | string {
  const tokens = tokenize(config);
  if (typeof tokens === 'string') return tokens;
  const [module, flag, ...rest] = tokens;
  if (module?.kind !== 'word') return 'it does not begin with the class of a login module';
  if (flag?.kind !== 'word' || !/^(required|requisite|sufficient|optional)$/i.test(flag.text)) {
    return "after the login module, 'required' is missing";
  }
  const options = new Map<string, string>();
  let at = 0;
  for (; rest[at] && rest[at]!.kind !== 'end'; at += 3) {
    const [name, equals, value] = rest.slice(at, at + 3);
    const complete =
      name && equals?.kind === 'equals' && value && value.kind !== 'end' && value.kind !== 'equals';
    if (!complete || name.kind === 'equals') return `option ${at / 3 + 1} is not of the form name="value"`;
    options.set(name.text, value.text);
  }
  if (!rest[at]) return "the ';' at the end is missing";
  if (at + 1 < rest.length) return 'it has several login modules';
  return { module: module.text, options };
}

// --- internal ---

interface Token {
  kind: 'word' | 'quoted' | 'equals' | 'end';
  text: string;
}

function tokenize(config: string): Token[] | string {
  const tokens: Token[] = [];
  const pattern =
    /\s+|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|(?<quoted>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')|(?<mark>[=;])|(?<word>[A-Za-z0-9_.$\-\u00a0-\uffff]+)/y;
  while (pattern.lastIndex < config.length) {
    const match = pattern.exec(config);
    if (!match) return 'it has an unquoted special character or a quote without its end';
    const { quoted, mark, word } = match.groups!;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: unescapeQuoted(quoted.slice(1, -1)) });
    else if (mark !== undefined) tokens.push({ kind: mark === '=' ? 'equals' : 'end', text: mark });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
  }
  return tokens;
}

const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** StreamTokenizer's escapes: letters, up to three octal digits (the first of three at most 3), else the character. */
function unescapeQuoted(text: string): string {
  return text.replace(/\\([0-3][0-7]{0,2}|[4-7][0-7]?|[\s\S])/g, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  );
}
