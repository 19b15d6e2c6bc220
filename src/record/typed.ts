// Values whose kind says more than a JSON value can: numbers as they were written, and Connect's logical types.
import { type Decimal, plainText } from './decimal.ts';

/** One value of a row that is none of JSON's own. What a column takes of it is the mapper's to choose. */
export abstract class TypedValue {
  /** What a text column takes. */
  abstract readonly text: string;
  /** What a number column takes: a number's text with all of its digits. */
  abstract readonly digits: string;
  /** What a JSON column takes: the text of a JSON number. */
  abstract readonly json: string;
  /** For errors: the kind, with an article. */
  abstract readonly kind: string;
}

/** A JSON number whose text is not what `String(number)` gives, e.g. `1.50`, `1e3`, or one of 30 digits. */
export class NumberText extends TypedValue {
  readonly kind = 'a number';
  constructor(readonly text: string) {
    super();
  }
  get digits(): string {
    return this.text;
  }
  /** The nearest double's, as in a record that nobody had to read exactly. */
  get json(): string {
    return String(Number(this.text));
  }
}

/** Connect's Decimal. Its text has as many decimals as its scale says. */
export class DecimalValue extends TypedValue {
  readonly kind = 'a Decimal';
  readonly text: string;
  constructor(decimal: Decimal) {
    super();
    this.text = plainText(decimal);
  }
  get digits(): string {
    return this.text;
  }
  get json(): string {
    return this.text;
  }
}

/** Connect's Timestamp, Date and Time: a number from an epoch, and the text that ISO 8601 has for it. */
export abstract class EpochValue extends TypedValue {
  constructor(readonly epoch: number | bigint) {
    super();
  }
  get digits(): string {
    return String(this.epoch);
  }
  get json(): string {
    return String(this.epoch);
  }
}

/** ms since the epoch, UTC. */
export class TimestampValue extends EpochValue {
  readonly kind = 'a Timestamp';
  get text(): string {
    return isoTime(Number(this.epoch)) ?? this.digits;
  }
}

/** Days since the epoch: a day of the calendar, in no time zone. */
export class DateValue extends EpochValue {
  readonly kind = 'a Date';
  get text(): string {
    return isoTime(Number(this.epoch) * MS_PER_DAY)?.slice(0, -'T00:00:00.000Z'.length) ?? this.digits;
  }
}

/** ms since midnight, 0 to 86,400,000 (which Connect allows). */
export class TimeValue extends EpochValue {
  readonly kind = 'a Time';
  get text(): string {
    const ms = Number(this.epoch);
    return ms === MS_PER_DAY ? '24:00:00.000' : isoTime(ms)!.slice('1970-01-01T'.length, -1);
  }
}

export const MS_PER_DAY = 86_400_000;

// --- internal ---

/** undefined beyond the years that ISO 8601's four digits and JavaScript's Date have. */
function isoTime(ms: number): string | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined;
}
