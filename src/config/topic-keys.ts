// topics and topics.regex: exactly one of them, with names that Kafka allows or a pattern that means what it means in Java.
import { PatternError } from '../kafka/java-regex/error.ts';
import { isTopicName, topicPattern } from '../kafka/topics.ts';
import { specOf, type Values } from './keys.ts';
import { type Findings, type Setting, shown } from './value/entry.ts';
import { allowed } from './value/schema.ts';
import type { Chosen } from './values.ts';

/** The names in `topics`, each once. */
export function checkTopics(
  values: Values<'connector'>,
  chosen: Chosen,
  connector: ReadonlyMap<string, Setting>,
  findings: Findings,
): string[] {
  const topics = [...new Set(values.topics ?? [])];
  const setting = chosen.get('topics');
  const regex = chosen.get('topics.regex');
  if (setting && regex) {
    const problem = `is set together with topics (${setting.source})`;
    findings.problems.push({ where: regex.source, key: 'topics.regex', problem, expected: 'one of the two' });
  } else if (topics.length === 0 && !regex) {
    const empty = connector.get('topics') ?? connector.get('topics.regex');
    const expected = 'topics or topics.regex';
    findings.problems.push(
      empty
        ? { where: empty.source, key: empty.key, problem: 'is empty', expected }
        : { key: 'topics', problem: 'is missing', expected },
    );
  }
  if (regex) checkPattern(regex, findings);
  for (const topic of topics) {
    if (isTopicName(topic)) continue;
    findings.problems.push({
      where: setting!.source,
      key: 'topics',
      problem: 'not a topic name',
      expected: 'letters, digits, dot, underscore and hyphen, at most 249; patterns go into topics.regex',
      found: shown({ ...setting!, value: topic }),
    });
  }
  return topics;
}

// --- internal ---

/** What the pattern has that Java refuses, or that is not known here, is told with its place in the file. */
function checkPattern(setting: Setting, findings: Findings): void {
  try {
    topicPattern(setting.value.trim());
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const { problem, construct, at, java } = error;
    findings.problems.push({
      where: setting.source,
      key: setting.key,
      problem: java
        ? `is no regular expression: ${problem}`
        : `has a construct that is not taken: ${problem}`,
      expected: allowed(specOf('topics.regex').schema),
      found: `${construct || 'the end'} at character ${at} of ${shown(setting)}`,
      ...(java ? {} : { fix: 'Write it with groups and character classes, or list the topics in `topics`' }),
    });
  }
}
