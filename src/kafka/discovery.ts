// topics.regex over time: which topics match now, looked for again and again, for all tasks of the sink together.
import type { Logger } from '../observe/log.ts';

/** What the looks at the cluster have shown so far. */
export interface Found {
  /** Names to subscribe to, sorted. */
  readonly topics: readonly string[];
  /** Those of `topics` that the last look did not show. */
  readonly missing: readonly string[];
}

export const NOTHING_FOUND: Found = { topics: [], missing: [] };

/**
 * What to subscribe to after another look. A new topic is taken at once. One that is gone leaves with the second look
 * that does not show it: a broker that has just started may not know all topics yet, and each change of the
 * subscription costs the group a rebalance.
 * @param matching names that the cluster shows and the pattern matches
 */
export function afterLook({ topics, missing }: Found, matching: readonly string[]): Found {
  const there = new Set(matching);
  const gone = topics.filter(name => !there.has(name));
  const stillMissing = gone.filter(name => !missing.includes(name));
  return { topics: [...new Set([...matching, ...stillMissing])].sort(), missing: stillMissing };
}

export interface DiscoveryOptions {
  /** As configured, for people. */
  pattern: string;
  matches: (name: string) => boolean;
  /** Time between two looks, ms; not above 0: once something is found, it stays as it is. */
  refreshMs: number;
  /** All topics of the cluster that this user may see; rejects when no broker answers. */
  list: () => Promise<string[]>;
  /** The topics to read from now on; the same list for every member of the group. */
  changed: (topics: string[]) => void;
  /** Nothing is found yet, and why. */
  waiting: (reason: string) => void;
  /** Something is found. */
  found: () => void;
  pause: (ms: number) => Promise<void>;
  stopped: () => boolean;
  log: Logger;
}

/** Looks until `stopped`; never rejects. */
export async function discoverTopics(options: DiscoveryOptions): Promise<void> {
  const { pattern, matches, refreshMs, list, changed, waiting, found, pause, stopped, log } = options;
  let state = NOTHING_FOUND;
  while (!stopped()) {
    let names: string[] | undefined;
    try {
      names = await list();
    } catch (error) {
      const reason = (error as { message?: string }).message ?? String(error);
      log.debug(`the topics cannot be listed: ${reason}`);
      if (state.topics.length === 0) waiting(`Kafka does not list its topics: ${reason}`);
    }
    if (stopped()) return;
    if (names) {
      const before = state.topics;
      state = afterLook(state, names.filter(matches));
      const { topics } = state;
      if (topics.length === 0) waiting(`no topic matches ${pattern}`);
      else if (before.length === 0) found();
      const added = topics.filter(name => !before.includes(name));
      const removed = before.filter(name => !topics.includes(name));
      if (added.length + removed.length > 0) {
        log.info('topics that match topics.regex', {
          topics: topics.length,
          ...(added.length > 0 && { new: added.join(',') }),
          ...(removed.length > 0 && { gone: removed.join(',') }),
        });
        changed([...topics]);
      }
      if (refreshMs <= 0 && topics.length > 0) return;
    }
    await pause(names && refreshMs > 0 ? refreshMs : RETRY_MS);
  }
}

// --- internal ---

const RETRY_MS = 1000;
