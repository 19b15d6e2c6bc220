// Bytes → text, refusing what the encoding does not allow: a replaced character would be a silent change of data.
import { isAscii, isUtf8 } from 'node:buffer';
import type { RecordError } from '../errors.ts';
import { badRecord, type Role } from './bad-record.ts';
import type { KafkaRecord } from './record.ts';

export interface TextDecoding {
  /** Gives the text without a byte order mark, or the error. */
  decode(bytes: Buffer, record: KafkaRecord, role: Role): string | RecordError;
  /** Bytes of the first `length` characters of a text that `decode` gave, the byte order mark included. */
  offset(bytes: Buffer, text: string, length: number): number;
}

export type Encoding = 'utf-8' | 'iso-8859-1' | 'us-ascii';

/** The encoding that one of Java's charset names means; undefined for one that is not read here. */
export function encodingOf(charset: string): Encoding | undefined {
  return CHARSETS.get(charset.toLowerCase());
}

export function textDecoding(encoding: Encoding): TextDecoding {
  return DECODINGS[encoding];
}

// --- internal ---

const CHARSETS = new Map<string, Encoding>([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['iso-8859-1', 'iso-8859-1'],
  ['iso8859_1', 'iso-8859-1'],
  ['latin1', 'iso-8859-1'],
  ['us-ascii', 'us-ascii'],
  ['ascii', 'us-ascii'],
]);

const BYTE_ORDER_MARK = '\ufeff';
const REPLACEMENT = '\ufffd';

const UTF8: TextDecoding = {
  decode(bytes, record, role) {
    const text = bytes.toString('utf8');
    // Only malformed bytes and the character itself give it, so that most records need no second look.
    if (text.includes(REPLACEMENT) && !isUtf8(bytes)) {
      return badRecord('RECORD_NOT_UTF8', role, record, 'is not UTF-8 text', {
        expected: 'UTF-8',
        found: `a malformed character at byte ${firstMalformed(bytes)}`,
      });
    }
    // Jackson skips it as well.
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  },
  offset: (bytes, text, length) =>
    Buffer.byteLength(text.slice(0, length)) +
    (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0),
};

const LATIN1: TextDecoding = {
  decode: bytes => bytes.toString('latin1'),
  offset: (_bytes, _text, length) => length,
};

const ASCII: TextDecoding = {
  decode(bytes, record, role) {
    if (isAscii(bytes)) return bytes.toString('latin1');
    return badRecord('RECORD_NOT_ASCII', role, record, 'is not ASCII text', {
      expected: 'US-ASCII, as converter.encoding says',
      found: `another byte at byte ${bytes.findIndex(byte => byte > 0x7f)}`,
    });
  },
  offset: (_bytes, _text, length) => length,
};

const DECODINGS: Record<Encoding, TextDecoding> = {
  'utf-8': UTF8,
  'iso-8859-1': LATIN1,
  'us-ascii': ASCII,
};

/** Place of the first character that is not valid UTF-8. */
function firstMalformed(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (length > 1 && (at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length)))) return at;
    at += length;
  }
  return at;
}
