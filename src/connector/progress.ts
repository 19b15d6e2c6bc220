// The line that says now and then how a connector gets on: what it wrote, how far it is behind.
import type { ConnectorEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { ConnectorSnapshot } from '../observe/snapshot.ts';

export class Progress {
  private rows = 0;
  private skipped = 0;
  private since: number | undefined;

  /** The same events, of which it counts some. */
  counting(events: ConnectorEvents): ConnectorEvents {
    return {
      ...events,
      written: (operation, report) => {
        this.rows += report.rows;
        events.written(operation, report);
      },
      skipped: (reason, records) => {
        this.skipped += records;
        events.skipped(reason, records);
      },
    };
  }

  /** To be called several times a second. @param now monotonic ms */
  tick(now: number, log: Logger, snapshot: () => ConnectorSnapshot): void {
    this.since ??= now;
    const elapsedMs = now - this.since;
    if (elapsedMs < LINE_EVERY_MS) return;
    const { rows, skipped } = this;
    this.since = now;
    this.rows = 0;
    this.skipped = 0;
    if (rows === 0 && skipped === 0) return;
    const { tasks, bufferedRows, requestsInFlight, requestLimit } = snapshot();
    const lags = tasks.flatMap(task => task.partitions.flatMap(({ lagRecords }) => lagRecords ?? []));
    log.info(`${rows} rows written, ${Math.round((rows * 1000) / elapsedMs)}/s`, {
      lag: lags.length > 0 ? lags.reduce((sum, lag) => sum + lag, 0) : undefined,
      skipped: skipped > 0 ? skipped : undefined,
      buffered: bufferedRows,
      in_flight: `${requestsInFlight}/${requestLimit}`,
    });
  }
}

// --- internal ---

const LINE_EVERY_MS = 30_000;
