// Says where and why a text is no JSON, which JSON.parse does not tell; only used once a record is known to be bad.

export interface JsonSyntaxError {
  /** Index of the offending character; the text's length when it ended too early. */
  at: number;
  /** What could have stood there. */
  expected: string;
  /** Kind of what stands there; a character of data is never repeated. */
  found: string;
}

/** The first syntax error of a text by RFC 8259, or undefined when it is JSON. Any depth of nesting. */
export function findSyntaxError(text: string): JsonSyntaxError | undefined {
  const open: string[] = [];
  let at = skipSpace(text, 0);
  let want: Want = 'value';
  for (;;) {
    const c = text[at];
    if (want === 'end') return at < text.length ? wrong(text, at, 'the end of the text') : undefined;
    if (want === 'colon') {
      if (c !== ':') return wrong(text, at, '":" after a field name');
      at++;
      want = 'value';
    } else if (want === 'next') {
      const close = open.at(-1) === '{' ? '}' : ']';
      if (c === close) {
        open.pop();
        want = open.length > 0 ? 'next' : 'end';
      } else if (c === ',') want = close === '}' ? 'name' : 'value';
      else return wrong(text, at, `"," or "${close}"`);
      at++;
    } else if (want === 'name' || want === 'name or }') {
      if (c === '}' && want === 'name or }') {
        open.pop();
        want = open.length > 0 ? 'next' : 'end';
        at++;
      } else {
        if (c !== '"')
          return wrong(
            text,
            at,
            want === 'name' ? 'a field name in double quotes' : 'a field name in double quotes or "}"',
          );
        const end = string(text, at);
        if (typeof end !== 'number') return end;
        at = end;
        want = 'colon';
      }
    } else if (c === ']' && want === 'value or ]') {
      open.pop();
      want = open.length > 0 ? 'next' : 'end';
      at++;
    } else if (c === '{' || c === '[') {
      open.push(c);
      want = c === '{' ? 'name or }' : 'value or ]';
      at++;
    } else {
      const end = scalar(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      want = open.length > 0 ? 'next' : 'end';
    }
    at = skipSpace(text, at);
  }
}

// --- internal ---

type Want = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'next' | 'end';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const WORD = /[A-Za-z]+/y;
/** What other languages write where JSON has null, true, false or no word at all: it says what went wrong. */
const FOREIGN_WORDS = new Set([
  'NaN',
  'Infinity',
  'undefined',
  'None',
  'True',
  'False',
  'nan',
  'inf',
  'NULL',
]);

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function skipSpace(text: string, at: number): number {
  return match(SPACE, text, at);
}

function scalar(text: string, at: number): number | JsonSyntaxError {
  const c = text[at];
  if (c === '"') return string(text, at);
  for (const word of ['true', 'false', 'null']) {
    if (text.startsWith(word, at)) return at + word.length;
  }
  const end = match(NUMBER, text, at);
  if (end < 0) {
    if (c === '-') return wrong(text, at + 1, 'a digit after "-"');
    return wrong(text, at, 'a value');
  }
  const next = text[end];
  if (next === '.' || ((next === 'e' || next === 'E') && !text.slice(at, end).includes('e'))) {
    return wrong(text, end + 1, `a digit after "${next}"`);
  }
  if (next !== undefined && next >= '0' && next <= '9')
    return { at, expected: 'a number', found: 'a number that starts with 0' };
  return end;
}

function string(text: string, from: number): number | JsonSyntaxError {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return wrong(text, at, 'an escape such as \\n');
    if (code !== 0x5c) continue;
    const end = match(ESCAPE, text, at);
    if (end < 0) return { at, expected: 'an escape such as \\n or \\u0041', found: 'another one' };
    at = end - 1;
  }
  return wrong(text, text.length, 'the closing quote of a string');
}

function wrong(text: string, at: number, expected: string): JsonSyntaxError {
  return { at, expected, found: describe(text, at) };
}

function describe(text: string, at: number): string {
  const c = text[at];
  if (c === undefined) return 'the end of the text';
  if (/[A-Za-z]/.test(c)) {
    const word = text.slice(at, match(WORD, text, at));
    return FOREIGN_WORDS.has(word) ? `the word ${word}` : 'a letter';
  }
  if (/[0-9]/.test(c)) return 'a digit';
  if (c === '"') return 'a double quote';
  if (c > ' ' && c <= '~') return `"${c}"`;
  return `U+${text.codePointAt(at)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
