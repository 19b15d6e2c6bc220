// Keys of later releases: refused at start unless their value says that they are not used.

/** A key of a later release, or several. */
export interface Later {
  /** Names, or prefixes that end in a dot. */
  keys: readonly string[];
  /** Values that mean "not used", in lower case; every other one is refused. */
  harmless: readonly string[];
  feature: string;
  /** A key without which these mean nothing, in Kafka Connect as well; with it, that one is refused. */
  needs?: string;
}

/** undefined for a key that is none of them. */
export function laterOf(key: string): Later | undefined {
  return LATER.find(({ keys }) =>
    keys.some(name => key === name || (name.endsWith('.') && key.startsWith(name))),
  );
}

/** Their names, for suggestions. */
export function laterNames(): string[] {
  return LATER.flatMap(({ keys }) => keys.filter(key => !key.endsWith('.')));
}

// --- internal ---

const DEAD_LETTERS = 'errors.deadletterqueue.topic.name';

const LATER: readonly Later[] = [
  { keys: [DEAD_LETTERS], harmless: [''], feature: 'the dead-letter topic' },
  {
    keys: ['errors.deadletterqueue.topic.replication.factor'],
    harmless: ['', '3'],
    feature: 'the dead-letter topic',
    needs: DEAD_LETTERS,
  },
  {
    keys: ['errors.deadletterqueue.context.headers.enable'],
    harmless: ['', 'false'],
    feature: 'the dead-letter topic',
    needs: DEAD_LETTERS,
  },
  { keys: ['transforms'], harmless: [''], feature: 'transforms' },
  {
    keys: ['transforms.', 'predicates', 'predicates.'],
    harmless: [''],
    feature: 'transforms',
    needs: 'transforms',
  },
  { keys: ['delete.enabled'], harmless: ['', 'false'], feature: 'deletes' },
  { keys: ['auto.create'], harmless: ['', 'false'], feature: 'making a collection' },
  { keys: ['auto.evolve'], harmless: ['', 'false'], feature: 'changing a collection' },
  { keys: ['pk.mode'], harmless: ['', 'record_value'], feature: 'a key from elsewhere than the value' },
  { keys: ['pk.fields'], harmless: [''], feature: 'choosing the key field' },
];
