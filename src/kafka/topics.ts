// Which topics the sink reads: the names of `topics`, or those that `topics.regex` matches as Kafka Connect does.
import { matchesWhole } from './java-regex/match.ts';
import { parsePattern } from './java-regex/parse.ts';

/** Which topics are to be read, as configured. */
export interface TopicSelection {
  /** Exactly one of the two is set. */
  topics?: string[];
  /** In java.util.regex's syntax. */
  topicsRegex?: string;
  /** Kafka's own topics are no match of `topicsRegex` (exclude.internal.topics). */
  excludeInternalTopics: boolean;
}

/**
 * A matcher of whole topic names, with the meaning of java.util.regex (Kafka's consumer asks `Matcher.matches`). Names
 * that Kafka does not allow never match. Matching takes a time that grows with a power of the name's length at worst.
 * @throws PatternError for what is no pattern in Java, or is not known here; nothing is matched in another way
 */
export function topicPattern(javaRegex: string): (name: string) => boolean {
  const pattern = parsePattern(javaRegex);
  return name => TOPIC_NAME.test(name) && matchesWhole(pattern, name);
}

/** True for a name that Kafka allows (org.apache.kafka.common.internals.Topic). */
export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name);
}

/**
 * The topics to read out of those that a cluster shows; `run` and `validate` both ask here.
 * @param settings of which either `topics` or `topicsRegex` is set
 */
export function topicFilter(settings: TopicSelection): (name: string) => boolean {
  const { topics, topicsRegex, excludeInternalTopics } = settings;
  if (topicsRegex === undefined) return name => topics?.includes(name) ?? false;
  const matches = topicPattern(topicsRegex);
  return name => !(excludeInternalTopics && INTERNAL_TOPICS.has(name)) && matches(name);
}

// --- internal ---

const TOPIC_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
/** Kafka's own, which Java's consumer leaves out of a pattern (exclude.internal.topics). */
const INTERNAL_TOPICS = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state']);
