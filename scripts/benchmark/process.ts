// Measures a process from outside, so that every candidate is measured the same way: CPU, memory and threads as Linux
// has them.
import { readdirSync, readFileSync } from 'node:fs';
import { cpuSeconds, parseStat, type Thread, type ThreadUse, workSince } from './threads.ts';

export interface Usage {
  /** User and system time since the process was made, s; threads included. */
  cpuSeconds: number;
  /** The same of its main thread alone. */
  mainCpuSeconds: number;
  /** Resident now, and at most so far, MB (10^6 bytes). */
  residentMb: number;
  peakMb: number;
}

/** @throws when the process is gone */
export function usage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (key: string) =>
    Number(status.match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))?.[1] ?? NaN);
  return {
    cpuSeconds: cpuSeconds(stat(`${pid}`)),
    mainCpuSeconds: cpuSeconds(stat(`${pid}/task/${pid}`)),
    residentMb: (kilobytes('VmRSS') * 1024) / 1e6,
    peakMb: (kilobytes('VmHWM') * 1024) / 1e6,
  };
}

/** What the numbers were measured on. */
export function machine(): { cpu: string; cores: number; memoryGb: number; kernel: string } {
  const info = readFileSync('/proc/cpuinfo', 'utf8');
  return {
    cpu: info.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? process.arch,
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(Number(readFileSync('/proc/meminfo', 'utf8').match(/MemTotal:\s+(\d+)/)?.[1]) / 1e6),
    kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
  };
}

/** How often threads are looked at, ms: some 30 small files each time, well below a thousandth of a core. */
const LOOK_MS = 250;

/** Looks at a process' threads again and again, so that what a thread did is known when it has ended. */
export class ThreadWatch {
  private readonly last = new Map<string, Thread>();
  private before = new Map<string, Thread>();
  private processBefore: Thread;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.processBefore = stat(`${pid}`);
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Only what comes from here on counts. */
  begin(): void {
    this.look();
    this.before = new Map(this.last);
    this.processBefore = stat(`${this.pid}`);
  }

  /** What was done since. */
  end(): ThreadUse {
    this.look();
    const running = new Set(this.ids());
    return {
      pid: this.pid,
      process: workSince(stat(`${this.pid}`), this.processBefore),
      threads: [...this.last]
        .map(([key, thread]) => ({ ...thread, ...workSince(thread, this.before.get(key)) }))
        // A thread that had ended before is none of this measurement.
        .filter(thread => cpuSeconds(thread) > 0 || running.has(String(thread.id))),
    };
  }

  stop(): void {
    clearInterval(this.timer);
  }

  // --- internal ---

  private look(): void {
    for (const id of this.ids()) {
      try {
        const thread = stat(`${this.pid}/task/${id}`);
        this.last.set(`${id}-${thread.startedTicks}`, thread);
      } catch {
        // It has ended since the folder was read; what was last seen of it stays.
      }
    }
  }

  private ids(): string[] {
    try {
      return readdirSync(`/proc/${this.pid}/task`);
    } catch {
      return []; // the process has ended: whoever waits for it says so
    }
  }
}

// --- internal ---

/** @throws when the process or thread is gone */
function stat(of: string): Thread {
  return parseStat(readFileSync(`/proc/${of}/stat`, 'utf8'));
}
