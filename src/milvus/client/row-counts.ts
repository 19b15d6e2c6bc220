// Does Milvus say that it took as many rows as it was sent? An answer without an error is no proof of that.

import type { Logger } from '../../observe/log.ts';
import type { MutationResult } from '../wire/mutation-result.ts';
import type { WriteOperation } from '../wire/request.ts';
import { Failure } from './failure.ts';

/**
 * Milvus 2.2 to 3.0 and milvus-lite fill upsert_cnt for an upsert and insert_cnt for an insert with the rows of the
 * request (internal/proxy/impl.go; seen on 2.3.5 and milvus-lite 3.2.2). 0 is also what a server says that fills
 * neither: it means none only from a server that has counted the same operation before.
 */
export class RowCounts {
  private readonly counting = new Set<WriteOperation>();
  private surplusLogged = false;

  constructor(private readonly log: Logger) {}

  /**
   * @param rows how many were sent
   * @returns the failure when fewer were taken. Upserts can be sent again, in smaller requests, until the row stands
   *   alone; an insert cannot, since what was taken would be there twice.
   */
  check(operation: WriteOperation, rows: number, result: MutationResult): Failure | undefined {
    const count = operation === 'insert' ? result.insertCount : result.upsertCount || result.insertCount;
    if (count > 0) this.counting.add(operation);
    if (count < rows && this.counting.has(operation)) {
      const reason = `Milvus answers without an error, but counts ${count} of the ${rows} rows that were sent`;
      return operation === 'insert'
        ? new Failure('refused', LABEL, reason, INSERT_FIX, CODE)
        : new Failure('badRow', LABEL, reason, UPSERT_FIX, CODE);
    }
    if (count > rows && !this.surplusLogged) {
      this.surplusLogged = true;
      this.log.warn('Milvus counts more rows than were sent: said once', { operation, sent: rows, count });
    }
    return undefined;
  }
}

const LABEL = 'row_count';
const CODE = 'MILVUS_ROW_COUNT';
const UPSERT_FIX = 'The log of Milvus, or of a proxy before it, may say which row it left out, and why';
const INSERT_FIX = `${UPSERT_FIX}; the rows that it took will be there twice after the next start`;
