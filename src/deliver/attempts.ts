// One batch's tries: it is sent until it is acknowledged, until the row that Milvus refuses stands alone, or until its
// partitions have gone. What a failure leads to is decided in retry-policy.ts.
import type { SinkError } from '../errors.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { Failure, FailureKind } from '../milvus/client/failure.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { WriteOutcome } from '../milvus/client/writer.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import { type Change, sleep } from '../wait.ts';
import type { BatchStates } from './batch-states.ts';
import type { Batch, Batcher } from './batcher.ts';
import type { Budget } from './budget.ts';
import type { CollectionWatch } from './collection-watch.ts';
import type { RowOwner, WritePlan } from './contract.ts';
import { callEnd, type Deadlines } from './deadline.ts';
import { refusedRecord } from './refusals.ts';
import { type Verdict, verdictOn } from './retry-policy.ts';
import type { EncodedBatch, RowQueue } from './row-queue.ts';
import type { ServerGrace } from './server-grace.ts';
import type { ErrorsSettings } from './settings.ts';

export interface AttemptsOptions {
  settings: { errors: ErrorsSettings; milvus: MilvusSettings };
  connection: MilvusConnection;
  plan: WritePlan;
  owner: RowOwner;
  batcher: Batcher;
  rows: RowQueue;
  budget: Budget;
  states: BatchStates;
  watch: CollectionWatch;
  deadlines: Deadlines;
  grace: ServerGrace;
  /** Announced when a request is answered. */
  change: Change;
  /** Aborted when nothing more may be sent. */
  stop: AbortSignal;
  /** A batch was given up: nothing more may be sent. */
  onFailure: (error: SinkError) => void;
  events: TaskEvents;
  waits: Waits;
  log: Logger;
  profile: Profile;
  /** Monotonic ms. */
  now: () => number;
  random: () => number;
}

export class Attempts {
  /** Since when Milvus has answered with nothing but refusals. */
  private refusedSince: number | undefined;
  private halvingLogged = false;
  private unansweredAtStop = 0;

  constructor(private readonly options: AttemptsOptions) {}

  /** Requests that were out at a stop and did not get through. */
  get unanswered(): number {
    return this.unansweredAtStop;
  }

  /**
   * Sends a batch, and what becomes of it, until it is over.
   * @returns true when Milvus has taken all of its rows
   * @throws a defect only
   */
  async send(batch: Batch): Promise<boolean> {
    const held: { encoded?: EncodedBatch } = {};
    try {
      return await this.sendUntilOver(batch, held);
    } finally {
      if (held.encoded) this.options.rows.letGo(held.encoded);
    }
  }

  // --- internal ---

  /** @param held what whoever calls lets go of in the end */
  private async sendUntilOver(batch: Batch, held: { encoded?: EncodedBatch }): Promise<boolean> {
    const { rows, states, grace, change, stop, profile, now } = this.options;
    let firstFailureAt: number | undefined;
    let whole = true;
    for (let attempt = 1; ; attempt++) {
      if (!states.withdraw(batch) || !states.refresh(batch)) return false;
      if (held.encoded?.version !== batch.version) {
        if (held.encoded) rows.letGo(held.encoded);
        held.encoded = profile.time('encode', () => this.encode(batch));
      }
      const { encoded } = held;
      const cancel = new AbortController();
      states.sent(batch, cancel);
      const outcome = await this.write(batch, encoded, cancel.signal);
      states.answered(batch);
      if (outcome.ok) {
        this.acknowledge(batch, encoded.size, attempt > 1);
        return whole;
      }
      const { failure } = outcome;
      if (UNANSWERED.has(failure.label)) grace.unanswered();
      const left = states.withdraw(batch);
      change.announce(); // whoever waits for the answers to what is out
      if (stop.aborted) this.unansweredAtStop++;
      if (!left || this.stopped(batch)) return false;
      // A cancelled request is no failure of the rows that are left, and a refusal of others says nothing about these.
      if (cancel.signal.aborted || (batch.version !== encoded.version && ABOUT_THE_ROWS.has(failure.kind))) {
        attempt = 0;
        continue;
      }
      firstFailureAt ??= now();
      const verdict = this.judge(failure, batch, attempt, firstFailureAt);
      switch (verdict.action) {
        case 'shrink':
          this.shrink(batch, encoded.size, failure);
          return false;
        case 'isolate':
        case 'reject': {
          const other = await this.refusedForTheSchema(batch);
          if (!states.withdraw(batch) || this.stopped(batch)) return false;
          if (other || batch.version !== encoded.version) break;
          if (verdict.action === 'isolate') {
            await this.isolate(batch, failure);
            return false;
          }
          if (!this.reject(batch, failure)) return false;
          whole = false;
          attempt = 0;
          firstFailureAt = undefined;
          break;
        }
        case 'end':
          this.abandon(batch, this.endedBy(failure));
          return false;
        case 'retry':
          if (!(await this.waitForNextTry(batch, failure, verdict))) return false;
          break;
        default:
          throw new Error(`no such verdict: ${JSON.stringify(verdict satisfies never)}`);
      }
    }
  }

  private async write(
    batch: Batch,
    { body, size }: EncodedBatch,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const { connection, plan, deadlines, profile, now } = this.options;
    const { operation } = plan;
    const call = deadlines.sent(operation, size, batch.sentAt);
    const options = { timeoutMs: call.timeoutMs, signal };
    const outcome = await profile.time('send', () =>
      connection.writer.write(operation, body, batch.rows, options),
    );
    deadlines.ended(call, callEnd(outcome), now());
    return outcome;
  }

  private encode(batch: Batch): EncodedBatch {
    const { plan, rows } = this.options;
    return rows.encode(batch, plan.rows.handle, plan.frame);
  }

  private acknowledge(batch: Batch, bytes: number, triedBefore: boolean): void {
    const { owner, budget, rows, states, events, waits, plan, profile, now } = this.options;
    const answeredAt = now();
    this.refusedSince = undefined;
    budget.refusals.accepted();
    // Any answer will do, unless others still wait for theirs: a batch that was split or withdrawn gets none.
    if (triedBefore || (!states.anyWaiting && waits.waitingFor('Milvus')))
      waits.end('milvus', 'Milvus', 'writes are acknowledged');
    events.written(plan.operation, {
      rows: batch.rows,
      bytes,
      latencyMs: answeredAt - batch.sentAt,
    });
    const superseded = batch.taken - batch.rows;
    if (superseded > 0) events.superseded(superseded);
    profile.time('ack', () => owner.acknowledged(rows.answersFor(batch)));
    states.over(batch, 'acknowledged');
  }

  private judge(failure: Failure, batch: Batch, attempt: number, firstFailureAt: number): Verdict {
    const { settings, budget, random, now } = this.options;
    const at = now();
    this.refusedSince = failure.kind === 'refused' ? (this.refusedSince ?? at) : undefined;
    const { retryTimeoutMs, retryDelayMaxMs } = settings.errors;
    const { refusedTimeoutMs } = settings.milvus;
    return verdictOn(
      failure,
      {
        attempt,
        rows: batch.rows,
        failingForMs: at - firstFailureAt,
        refusedForMs: at - (this.refusedSince ?? at),
        accepted: budget.everAcknowledged,
      },
      { retryTimeoutMs, retryDelayMaxMs, refusedTimeoutMs, random },
    );
  }

  /** Names what is waited for, and pauses; false when there will be no next try. */
  private async waitForNextTry(
    batch: Batch,
    failure: Failure,
    verdict: Extract<Verdict, { action: 'retry' }>,
  ): Promise<boolean> {
    const { batcher, states, watch, events, waits, settings, stop, now } = this.options;
    events.retried(failure.label);
    if (verdict.describe && (await watch.look()) === 'changed') return !this.stopped(batch);
    if (!verdict.quiet) {
      const limitMs = settings.milvus.refusedTimeoutMs;
      const ends =
        failure.kind === 'refused' && limitMs >= 0 ? `; ends the sink when it lasts ${limitMs / 1000} s` : '';
      waits.begin('milvus', 'Milvus', failure.reason + ends, { rows: batch.rows });
    }
    batcher.failed(batch, verdict.signal, now());
    states.wait(batch);
    if (!states.withdraw(batch)) return false;
    await sleep(verdict.pauseMs, stop);
    // A collection that was away may be another one now, and take what it should not be sent.
    if (verdict.describe && !stop.aborted) await watch.look();
    return states.waited(batch) && !this.stopped(batch);
  }

  private shrink(batch: Batch, bytes: number, failure: Failure): void {
    const { batcher, states, events, log, now } = this.options;
    events.retried(failure.label);
    log.warn('Milvus takes no request of this size: batches become smaller', {
      bytes,
      rows: batch.rows,
    });
    batcher.split(batch, now());
    states.over(batch, 'divided');
  }

  /**
   * True when the rows do not fit because the collection is another one by now: then each would be refused. Looked at when
   * a request is refused, and once more before a row is blamed: an outage may lie in between.
   */
  private async refusedForTheSchema(batch: Batch): Promise<boolean> {
    const { states, watch } = this.options;
    if (states.stale(batch)) return true;
    if (batch.isolated && batch.rows > 1) return false;
    return (await watch.look()) === 'changed' || states.stale(batch);
  }

  /**
   * Some row is refused and takes the others with it: each half is sent for itself, and a half that is refused is halved
   * again. One bad row among n costs about 2 log2(n) requests.
   */
  private async isolate(batch: Batch, failure: Failure): Promise<void> {
    const { batcher, states, events, log } = this.options;
    events.retried(failure.label);
    const fields = { rows: batch.rows, reason: failure.reason };
    const message = 'Milvus refuses a request for its content: it is halved until the bad row stands alone';
    if (this.halvingLogged) log.debug(message, fields);
    else log.warn(message, fields);
    this.halvingLogged = true;
    const [first, second] = batcher.halve(batch);
    states.halved(batch, first, second);
    const suspects = second.version;
    const clean = await this.send(first);
    if (!states.waited(second)) return; // its partitions went
    batcher.resume(second);
    if (this.stopped(second)) return;
    // What was refused is in the second half then, unless that has changed meanwhile.
    if (clean && second.rows > 1 && second.version === suspects && !states.stale(second))
      await this.isolate(second, failure);
    else await this.send(second);
  }

  /**
   * The batch's one row is a bad record. An earlier value of its key that it had replaced takes its place.
   * @returns false when nothing is left to send
   */
  private reject(batch: Batch, failure: Failure): boolean {
    const { owner, rows, budget, states } = this.options;
    const culprit = rows.first(batch);
    rows.dropFirst(batch);
    owner.rejected(culprit, refusedRecord(culprit.record, failure));
    const tooMany = budget.refusals.refused(culprit.record, failure);
    if (tooMany) {
      this.abandon(batch, tooMany);
      return false;
    }
    return states.hasRows(batch);
  }

  /** A look at the collection says more about its absence than a write's refusal: which ones there are instead. */
  private endedBy(failure: Failure): SinkError {
    const { refusal } = this.options.watch;
    return refusal?.code === failure.errorCode ? refusal : failure.error();
  }

  /** The batch stays undone; the connector ends. */
  private abandon(batch: Batch, error: SinkError): void {
    this.options.onFailure(error);
    this.options.states.over(batch, 'abandoned');
  }

  /** True, and the batch is over with its rows undone, when nothing more may be sent. */
  private stopped(batch: Batch): boolean {
    if (!this.options.stop.aborted) return false;
    this.options.states.over(batch, 'abandoned');
    return true;
  }
}

/** Ends of a request that do not tell whether Milvus has done, or will do, what it asked for. */
const UNANSWERED: ReadonlySet<string> = new Set(['grpc_deadline_exceeded', 'grpc_cancelled']);
/** Failures that some row of the request is to blame for. */
const ABOUT_THE_ROWS: ReadonlySet<FailureKind> = new Set(['badRow', 'tooLarge']);
