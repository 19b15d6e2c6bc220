// Checks keys as JsonConverter without schemas does: Connect converts the key too, and a bad key is a bad record.
import { RecordError } from '../../errors.ts';
import type { Role } from '../../record/bad-record.ts';
import { textDecoding } from '../../record/text.ts';
import type { KeyConverter } from '../contract.ts';
import { isBlank, parseJson } from './json.ts';

/** A key must be JSON of any kind, or absent. */
export function createJsonKeyConverter(role: Role): KeyConverter {
  const decoding = textDecoding('utf-8');
  return {
    plain: 'json',
    check(record) {
      const { key } = record;
      if (key === null || key === undefined || key.length === 0 || isShortInteger(key)) return undefined;
      const text = decoding.decode(key, record, role);
      if (text instanceof RecordError) return text;
      if (isBlank(text)) return undefined;
      const parsed = parseJson(key, text, record, role, decoding);
      return parsed instanceof RecordError ? parsed : undefined;
    },
  };
}

// --- internal ---

/** What most keys are, told without making a string of them. */
function isShortInteger(key: Buffer): boolean {
  if (key.length > 20 || (key[0] === 0x30 && key.length > 1)) return false;
  for (let i = 0; i < key.length; i++) if (key[i]! < 0x30 || key[i]! > 0x39) return false;
  return true;
}
