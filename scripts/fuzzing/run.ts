// A run of the differential fuzzing: collections and texts from a seed, and what both ways made of them.
import { type CollectionCase, randomCollection } from './collection.ts';
import { createComparison } from './differential.ts';
import { Random } from './random.ts';
import { randomText } from './texts.ts';

/** A text that the two ways read differently, as it is kept and replayed. */
export interface Failure {
  /** Of the collection and its texts. */
  seed: number;
  different: string;
  collection: CollectionCase;
  /** Hexadecimal. */
  text: string;
}

export interface Tally {
  records: number;
  /** Those that the general way makes rows of, and how many of them were read natively. */
  rows: number;
  native: number;
  /** The same, of texts as producers write them every day. */
  ordinary: number;
  ordinaryNative: number;
  /** The first of those that were not. */
  slow: { collection: CollectionCase; text: string }[];
  failures: Failure[];
}

/**
 * @param seed of the first collection; each further one has the next
 * @param records at least so many
 */
export function fuzz(seed: number, records: number, progress: (tally: Tally) => void = () => {}): Tally {
  const tally: Tally = {
    records: 0,
    rows: 0,
    native: 0,
    ordinary: 0,
    ordinaryNative: 0,
    slow: [],
    failures: [],
  };
  for (let one = seed; tally.records < records; one++) {
    fuzzOne(one, tally);
    if ((one - seed) % 100 === 99) progress(tally);
  }
  return tally;
}

// --- internal ---

const TEXTS = 100;

function fuzzOne(seed: number, tally: Tally): void {
  const random = new Random(Math.imul(seed, 0x9e3779b1));
  const collection = randomCollection(random);
  const texts = Array.from({ length: TEXTS }, () => randomText(collection, random));
  const seen = createComparison(collection)(texts.map(({ bytes }) => bytes));
  for (const [i, { row, native, different }] of seen.entries()) {
    const { bytes, ordinary } = texts[i]!;
    tally.records++;
    tally.rows += Number(row);
    tally.native += Number(native);
    if (ordinary && row) {
      tally.ordinary++;
      tally.ordinaryNative += Number(native);
      if (!native && tally.slow.length < 20)
        tally.slow.push({ collection, text: Buffer.from(bytes).toString() });
    }
    if (different !== undefined) {
      tally.failures.push({ seed, different, collection, text: Buffer.from(bytes).toString('hex') });
    }
  }
}
