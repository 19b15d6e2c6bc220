// Where the CPU of the JavaScript thread goes, for scripts/bench: off unless MILVUS_SINK_PROFILE=1.

export type ProfileStage = 'decode' | 'map' | 'encode' | 'send' | 'ack';

export class Profile {
  private readonly ms: Record<ProfileStage, number> = { decode: 0, map: 0, encode: 0, send: 0, ack: 0 };

  constructor(
    private readonly enabled: boolean,
    private readonly now: () => number,
  ) {}

  /** Runs `work` and books its time on `stage`. */
  time<T>(stage: ProfileStage, work: () => T): T {
    if (!this.enabled) return work();
    const start = this.now();
    const result = work();
    this.ms[stage] += this.now() - start;
    return result;
  }

  /** Books time that was measured elsewhere: on a native thread. */
  add(stage: ProfileStage, ms: number): void {
    this.ms[stage] += ms;
  }

  /** One line for scripts/bench; `poll` is the rest of the process' CPU: librdkafka, the addon, the runtime. */
  report(cpuMs: number): string | undefined {
    if (!this.enabled) return undefined;
    const stages = Object.fromEntries(Object.entries(this.ms).map(([k, v]) => [`${k}Ms`, Math.round(v)]));
    const known = Object.values(this.ms).reduce((sum, v) => sum + v, 0);
    return JSON.stringify({
      profile: { pollMs: Math.round(Math.max(0, cpuMs - known)), ...stages, cpuMs: Math.round(cpuMs) },
    });
  }
}
