// What scripts/bench can be asked for: its options, checked (the door's comment is their help).
import { parseArgs } from 'node:util';

export const PARTS = ['catchup', 'trickle', 'idle'] as const;
export type Part = (typeof PARTS)[number];

export const DIMENSIONS = [8, 768] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const RIVALS = ['go', 'python'] as const;
export type RivalName = (typeof RIVALS)[number];

export interface BenchOptions {
  only: readonly Part[];
  dims: readonly Dimension[];
  /** Rows of the topic of a dimension. */
  rows: Record<Dimension, number>;
  /** Partitions of the topics to catch up on: one measurement each. */
  partitions: readonly number[];
  /** Records a second of the trickles. */
  rates: readonly number[];
  /** Of every measurement, for every candidate. */
  runs: number;
  /** Length of a trickle, s. */
  seconds: number;
  /** The programs of ours that run beside the executable. */
  rivals: readonly RivalName[];
  /** A git revision whose executable runs beside it as well. */
  compare?: string;
  /** Says where the CPU goes, by thread. */
  profile: boolean;
  brokers?: string;
  endpoint?: string;
  json: boolean;
}

/** What was asked for is not to be had; the message is all that is printed. */
export class UsageError extends Error {}

/** @throws UsageError for an unknown option or a value that is none of an option's */
export function readOptions(argv: readonly string[]): BenchOptions {
  const values = parse(argv);
  const { compare, brokers, endpoint } = values;
  const rival = values.rival ?? (compare === undefined ? 'python' : 'none');
  return {
    only: list('only', values.only, PARTS),
    dims: list('dims', values.dims, DIMENSIONS),
    rows: { 8: count('rows-8', values['rows-8']), 768: count('rows-768', values['rows-768']) },
    partitions: counts('partitions', values.partitions),
    rates: counts('rates', values.rates),
    runs: count('runs', values.runs ?? (compare === undefined ? '1' : '5')),
    seconds: count('seconds', values.seconds),
    rivals: rival === 'none' ? [] : list('rival', rival, RIVALS, ', or none'),
    ...(compare === undefined ? {} : { compare }),
    profile: values.profile,
    ...(brokers === undefined ? {} : { brokers }),
    ...(endpoint === undefined ? {} : { endpoint }),
    json: values.json,
  };
}

// --- internal ---

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', default: PARTS.join() },
        dims: { type: 'string', default: DIMENSIONS.join() },
        'rows-8': { type: 'string', default: '1000000' },
        'rows-768': { type: 'string', default: '150000' },
        partitions: { type: 'string', default: '1' },
        rates: { type: 'string', default: '100,1000' },
        runs: { type: 'string' },
        seconds: { type: 'string', default: '20' },
        rival: { type: 'string' },
        compare: { type: 'string' },
        profile: { type: 'boolean', default: false },
        brokers: { type: 'string' },
        endpoint: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @param further what the option takes besides the list, for the message */
function list<T extends string | number>(
  option: string,
  text: string,
  known: readonly T[],
  further = '',
): T[] {
  return once(option, text).map(part => {
    const found = known.find(one => String(one) === part);
    if (found === undefined) {
      throw new UsageError(`--${option} is a list of ${known.join(', ')}${further}, not ${text}`);
    }
    return found;
  });
}

function counts(option: string, text: string): number[] {
  return once(option, text).map(part => {
    if (!COUNT.test(part)) throw new UsageError(`--${option} is a list of whole numbers from 1, not ${text}`);
    return Number(part);
  });
}

function count(option: string, text: string): number {
  if (!COUNT.test(text)) throw new UsageError(`--${option} is a whole number from 1, not ${text}`);
  return Number(text);
}

const COUNT = /^[1-9]\d*$/;

/** The parts of a list, none of which may be named twice: it would be measured twice under one name. */
function once(option: string, text: string): string[] {
  const parts = text.split(',');
  const twice = parts.find((part, i) => parts.indexOf(part) < i);
  if (twice !== undefined) throw new UsageError(`--${option} names ${twice} twice: ${text}`);
  return parts;
}
