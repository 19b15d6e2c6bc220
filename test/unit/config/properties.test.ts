import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseProperties } from '../../../src/config/properties.ts';
import { decodeText } from '../../../src/config/value/text.ts';

const pairs = (text: string) => parseProperties('f', text).settings.map(s => [s.key, s.value]);
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('Java properties', () => {
  test('separators, comments, continuation and escapes', () => {
    expect(pairs('a=1\nb: 2\nc   3\n  # no\n! no\nd = x \\\n    y\ne\\=f=\\u00e9\\t\\z\ng')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', 'x y'],
      ['e=f', 'é\tz'],
      ['g', ''],
    ]);
  });

  test('a value keeps = and # and the white space behind it', () => {
    expect(pairs('a = b=c # d  ')).toEqual([['a', 'b=c # d  ']]);
  });

  test('lines are counted over comments and continuations, with every line end', () => {
    const file = parseProperties('dir/f', '# 1\r\n\r\na=1\\\r\n 2\rb=2\nc=3');
    expect(file.settings.map(s => s.source)).toEqual(['dir/f:3', 'dir/f:5', 'dir/f:6']);
  });

  test('of duplicate keys the last one wins, with both lines in a warning', () => {
    const file = parseProperties('f', 'a=1\nb=2\na=3');
    expect(file.settings.map(s => [s.key, s.value])).toEqual([
      ['b', '2'],
      ['a', '3'],
    ]);
    expect(file.warnings).toEqual(['a is set twice, at f:1 and f:3: the last one wins']);
  });

  test('keys named like object members are keys', () => {
    expect(pairs('__proto__=1\nconstructor=2')).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  test('a malformed \\u escape is told with its line, not its text, and the rest is read', () => {
    const file = parseProperties('f', 'a=1\npassword=secret\\u00zz\nb=\\u12\nc=2');
    expect(file.problems.map(p => p.where)).toEqual(['f:2', 'f:3']);
    expect(JSON.stringify(file.problems)).not.toContain('secret');
    expect(file.settings.map(s => s.key)).toEqual(['a', 'c']);
  });

  test('UTF-8, ISO-8859-1 and a byte order mark', () => {
    expect(decodeText(utf8('é€'))).toBe('é€');
    expect(decodeText(latin1('é\x80'))).toBe('é\x80');
    expect(pairs(decodeText(utf8('\uFEFFa=1')))).toEqual([['a', '1']]);
  });

  test('whatever is written by the rules is read back', () => {
    const value = fc.string({ unit: 'binary', maxLength: 12 });
    const style = fc.constantFrom('=', ' = ', ':', ' : ', ' ', '\t');
    const noise = fc.constantFrom('', '\n', '# comment=1\n', '  ! other\r\n', '\r\n');
    const entry = fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), value, style, noise);
    const model = fc.uniqueArray(entry, { selector: ([key]) => key, maxLength: 8 });
    fc.assert(
      fc.property(model, entries => {
        const text = entries.map(([k, v, s, n]) => `${n}${write(k)}${s}${write(v)}\n`).join('');
        expect(pairs(text)).toEqual(entries.map(([k, v]) => [k, v]));
      }),
      { numRuns: 100 },
    );
  });
});

/** The simplest writer: every character that could mean anything becomes \uXXXX. */
function write(text: string): string {
  return [...Array(text.length).keys()]
    .map(i => text[i]!)
    .map(c => (/[A-Za-z0-9.]/.test(c) ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))
    .join('');
}
