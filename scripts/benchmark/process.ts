// Measures a process from outside, so that every candidate is measured the same way: CPU and memory as Linux has them.
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/<pid>/stat: 100 on every Linux that matters (USER_HZ). */
const TICKS = 100;

export interface Usage {
  /** User and system time since the process was made, s; threads included. */
  cpuSeconds: number;
  /** Resident now, and at most so far, MB (10^6 bytes). */
  residentMb: number;
  peakMb: number;
}

/** @throws when the process is gone */
export function usage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks: count from behind it, where the first field is number 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (key: string) =>
    Number(status.match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))?.[1] ?? NaN);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
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
