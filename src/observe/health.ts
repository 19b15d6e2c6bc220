// The state that /livez, /readyz and /healthz report: one line per check, set by those who know.

export type CheckName = 'kafka' | 'milvus' | 'pipeline';

export interface Check {
  ok: boolean;
  /** One sentence for a person: what is there, or what is missing and waited for. No secrets. */
  detail: string;
}

export class Health {
  private readonly checks = new Map<CheckName, Check>();

  constructor() {
    for (const name of ['kafka', 'milvus', 'pipeline'] as const) {
      this.checks.set(name, { ok: false, detail: 'starting' });
    }
  }

  set(name: CheckName, ok: boolean, detail: string): void {
    this.checks.set(name, { ok, detail });
  }

  get(name: CheckName): Check {
    return this.checks.get(name)!;
  }

  get ready(): boolean {
    return [...this.checks.values()].every(check => check.ok);
  }

  snapshot(): Record<CheckName, Check> {
    return Object.fromEntries(this.checks) as Record<CheckName, Check>;
  }
}
