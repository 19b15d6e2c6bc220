// Where a process' CPU goes by thread: Linux' figures of a thread, read, set off against each other and grouped by the
// kind of thread that its name tells.

/** What was done: CPU time and the pages that came without a disk. */
export interface Work {
  userSeconds: number;
  systemSeconds: number;
  minorFaults: number;
}

/** A thread as /proc/<pid>/task/<id>/stat has it; in /proc/<pid>/stat the process, ended threads included. */
export interface Thread extends Work {
  id: number;
  /** At most 15 bytes of it: more Linux does not keep. */
  name: string;
  /** Clock ticks since boot. With `id` it tells one thread from a later one. */
  startedTicks: number;
}

/** What a process and its threads did in one measurement. */
export interface ThreadUse {
  pid: number;
  process: Work;
  /** Also those that have ended, as they were last seen. */
  threads: Thread[];
}

export interface ThreadGroup extends Work {
  name: string;
  /** The most of one measurement. */
  threads: number;
}

/** The groups of a candidate in one scope, over all its runs. */
export interface ThreadTable {
  scope: string;
  candidate: string;
  rows: number;
  groups: ThreadGroup[];
}

/** Clock ticks a second in /proc: 100 on every Linux that matters (USER_HZ). */
const TICKS = 100;

/** A `stat` file of a thread or a process. */
export function parseStat(text: string): Thread {
  const open = text.indexOf('(');
  // The name may hold blanks and parentheses: what follows its end begins with field number 3.
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    id: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    minorFaults: field(10),
    userSeconds: field(14) / TICKS,
    systemSeconds: field(15) / TICKS,
    startedTicks: field(22),
  };
}

/** What was done between two looks. */
export function workSince(now: Work, before: Work = NOTHING): Work {
  return {
    userSeconds: now.userSeconds - before.userSeconds,
    systemSeconds: now.systemSeconds - before.systemSeconds,
    minorFaults: now.minorFaults - before.minorFaults,
  };
}

/**
 * The kinds of threads of some measurements of one candidate, those with the most CPU first. Kinds that used none are
 * one group. A last group has what the process used and no thread was seen to use: threads that came and went between
 * two looks, and what rounding to clock ticks has left of each.
 */
export function groupThreads(uses: readonly ThreadUse[]): ThreadGroup[] {
  const groups = new Map<string, ThreadGroup>();
  const unseen = { name: 'unseen (short-lived, rounding)', threads: 0, ...NOTHING };
  for (const use of uses) {
    add(unseen, use.process);
    for (const [name, threads] of kindsOf(use)) {
      const group = groups.get(name) ?? { name, threads: 0, ...NOTHING };
      groups.set(name, group);
      group.threads = Math.max(group.threads, threads.length);
      for (const thread of threads) {
        add(group, thread);
        add(unseen, workSince(NOTHING, thread));
      }
    }
  }
  const kinds = [...groups.values()].sort((a, b) => cpuSeconds(b) - cpuSeconds(a));
  const busy = kinds.filter(kind => cpuSeconds(kind) > 0);
  const idle = kinds.slice(busy.length);
  const others = { name: 'others, hardly any', threads: 0, ...NOTHING };
  for (const kind of idle) {
    add(others, kind);
    others.threads += kind.threads;
  }
  for (const what of ['userSeconds', 'systemSeconds', 'minorFaults'] as const) {
    unseen[what] = Math.max(0, unseen[what]);
  }
  return [
    ...busy,
    ...(idle.length > 0 ? [others] : []),
    ...(cpuSeconds(unseen) > 0.5 / TICKS ? [unseen] : []),
  ];
}

export function cpuSeconds(work: Work): number {
  return work.userSeconds + work.systemSeconds;
}

// --- internal ---

const NOTHING: Work = { userSeconds: 0, systemSeconds: 0, minorFaults: 0 };

function add(sum: Work, work: Work): void {
  sum.userSeconds += work.userSeconds;
  sum.systemSeconds += work.systemSeconds;
  sum.minorFaults += work.minorFaults;
}

/** The threads of a process by kind. Where all have one name, as Go's have, there is one kind. */
function kindsOf({ pid, threads }: ThreadUse): Map<string, Thread[]> {
  const names = new Set(threads.map(thread => thread.name));
  if (names.size === 1) return new Map([[`all threads (${[...names][0]})`, [...threads]]]);
  const main = threads.find(thread => thread.id === pid)?.name;
  return Map.groupBy(threads, ({ id, name }) => {
    if (id === pid) return `main thread (${name})`;
    return name === main ? `without a name (${name})` : kindOf(name);
  });
}

/** Names that say too little, and what has them. Bun's are cut: of a longer name it keeps the end. */
const KNOWN: readonly [name: RegExp, by: string][] = [
  [/^rdk:/, 'librdkafka'],
  [/^(JITWorker|JSCWarmUp|t Helper Thread)$/, 'Bun, JIT compiler'],
  [/^(HeapHelper|ollector Thread)$/, 'Bun, garbage collector'],
  [/^mi-/, 'Bun, allocator'],
  [/^(Bun|HTTP Client)/, 'Bun'],
];

/** The name without the number that tells threads of one kind apart (`rdk:broker1`), and whose it is. */
function kindOf(name: string): string {
  const kind = name.replace(/[\s:#_-]*\d+$/, '') || name;
  const by = KNOWN.find(([known]) => known.test(kind))?.[1];
  return by === undefined ? kind : `${by} (${kind})`;
}
