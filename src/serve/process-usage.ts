// The process' own figures.

export interface ProcessUsage {
  /** User and system CPU time since the start, s. */
  cpuSeconds(): number;
  /** Bytes. */
  residentBytes(): number;
  /** Seconds since the epoch. */
  startSeconds: number;
}

export function processUsage(): ProcessUsage {
  return {
    cpuSeconds() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    residentBytes: () => process.memoryUsage.rss(),
    startSeconds: Date.now() / 1000 - process.uptime(),
  };
}
