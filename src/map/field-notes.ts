// What of records is left out of rows, logged once for each field: the tasks of a connector share these notes.
import type { Logger } from '../observe/log.ts';

export class FieldNotes {
  private readonly noted = new Set<string>();

  constructor(private readonly log: Pick<Logger, 'warn'>) {}

  /** @param why of the first time */
  warnOnce(field: string, why: string): void {
    if (this.noted.has(field) || this.noted.size >= MAX_FIELDS) return;
    this.noted.add(field);
    this.log.warn(`field ${JSON.stringify(field)}: ${why}`);
  }
}

// --- internal ---

/** Names of fields may be data. */
const MAX_FIELDS = 1000;
