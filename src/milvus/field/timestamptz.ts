// Timestamptz: whatever says a moment in ISO 8601 goes out in the one form that every Milvus takes.
import { DateValue, TimestampValue } from '../../record/typed.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { describe, refuse } from './refuse.ts';
import { STRINGS } from './varchar.ts';

/**
 * Takes an ISO 8601 date, or date and time, and Connect's Timestamp and Date; gives `YYYY-MM-DDThh:mm:ss[.f…]` with `Z`,
 * `±hh:mm` or no zone. Milvus' own parser (pkg/util/timestamptz, Go's RFC3339Nano with a few layouts) wants seconds,
 * upper-case letters and a colon in the zone, and takes zones of -12:00 to +14:00 only. A time without a zone is in the
 * collection's, and so is a day's beginning. Milvus keeps microseconds.
 */
export const timestamptz: FieldType = {
  type: DataType.Timestamptz,
  takes: () => 'ISO 8601 date and time, zone or none',
  reader: ({ name }) => ({
    read: (value, record) => {
      const text = value instanceof TimestampValue || value instanceof DateValue ? value.text : value;
      if (typeof text !== 'string') return refuse('ROW_FIELD_TYPE', record, name, EXPECTED, describe(value));
      return (
        normalized(text) ??
        refuse('ROW_FIELD_RANGE', record, name, EXPECTED, `${describe(value)} that is none`)
      );
    },
  }),
  codec: () => STRINGS,
};

// --- internal ---

const EXPECTED =
  'an ISO 8601 date and time, e.g. 2026-01-31T12:00:00Z, with a zone of -12:00 to +14:00 or none (Timestamptz)';

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: ?([Zz]|[+-]\d{2}(?::?\d{2})?))?)?$/;
/** More digits than Milvus and Go keep. */
const MAX_FRACTION = 9;
const MAX_ZONE_MINUTES = 14 * 60;
const MIN_ZONE_MINUTES = -12 * 60;

function normalized(text: string): string | undefined {
  const parts = DATE_TIME.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction, zone] = parts;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = zoneText(zone);
  if (offset === undefined) return undefined;
  const rest = fraction === undefined ? '' : `.${fraction.slice(0, MAX_FRACTION)}`;
  return `${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}${rest}${offset}`;
}

function zoneText(zone: string | undefined): string | undefined {
  if (zone === undefined) return '';
  if (zone === 'Z' || zone === 'z') return 'Z';
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', ''));
  const offset = (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
  if (minutes > 59 || offset > MAX_ZONE_MINUTES || offset < MIN_ZONE_MINUTES) return undefined;
  return `${zone.slice(0, 3)}:${String(minutes).padStart(2, '0')}`;
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}
