// What scripts/bench can be asked for: its options, checked (the door's comment is their help).
import { parseArgs } from 'node:util';

export const PARTS = ['catchup', 'trickle', 'idle'] as const;
export type Part = (typeof PARTS)[number];

export const DIMENSIONS = [8, 768] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface BenchOptions {
  only: readonly Part[];
  dims: readonly Dimension[];
  /** Rows of the topic of a dimension. */
  rows: Record<Dimension, number>;
  runs: number;
  /** Length of a trickle, s. */
  seconds: number;
  /** The Python script runs as well. */
  rival: boolean;
  /** A git revision to compare with. */
  compare?: string;
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
  return {
    only: list('only', values.only, PARTS),
    dims: list('dims', values.dims, DIMENSIONS),
    rows: { 8: count('rows-8', values['rows-8']), 768: count('rows-768', values['rows-768']) },
    runs: count('runs', values.runs ?? (compare === undefined ? '1' : '5')),
    seconds: count('seconds', values.seconds),
    rival: !values['no-rival'] && compare === undefined,
    ...(compare === undefined ? {} : { compare }),
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
        runs: { type: 'string' },
        seconds: { type: 'string', default: '20' },
        compare: { type: 'string' },
        'no-rival': { type: 'boolean', default: false },
        brokers: { type: 'string' },
        endpoint: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function list<T extends string | number>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map(part => {
    const found = known.find(one => String(one) === part);
    if (found === undefined)
      throw new UsageError(`--${option} is a list of ${known.join(', ')}, not ${text}`);
    return found;
  });
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--${option} is a whole number from 1, not ${text}`);
  return Number(text);
}
