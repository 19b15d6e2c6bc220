// Kafka Connect's errors.*: what becomes of a rejected record, whichever stage rejected it.
import type { ErrorsSettings } from '../deliver/settings.ts';
import type { RecordError } from '../errors.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { KafkaRecord } from '../record/record.ts';

export interface ToleranceOptions {
  errors: Pick<ErrorsSettings, 'tolerance' | 'logEnable' | 'logIncludeMessages'>;
  events: Pick<TaskEvents, 'skipped'>;
  log: Logger;
  /** A bad record under `errors.tolerance=none`: it ends the connector. */
  onFatal: (error: RecordError) => void;
}

export class Tolerance {
  constructor(private readonly options: ToleranceOptions) {}

  /**
   * A record was rejected: `none` ends the connector, `all` skips it, counted, and logged by errors.log.enable.
   * @returns true when the record is done with: its offset may be committed
   */
  rejected(record: KafkaRecord, error: RecordError): boolean {
    const { errors, events, log, onFatal } = this.options;
    if (errors.tolerance === 'none') {
      onFatal(error);
      return false;
    }
    events.skipped('bad_record', 1);
    if (errors.logEnable) {
      log.error(`record skipped: ${error.message}`, {
        stage: error.stage,
        // Connect names the record here too, and never shows a sink record's content.
        ...(errors.logIncludeMessages && {
          topic: record.topic,
          partition: record.partition,
          offset: record.offset,
          timestamp: record.timestamp,
        }),
      });
    }
    return true;
  }
}
