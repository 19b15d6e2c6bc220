// A rebalance, one step after the other: librdkafka waits with it until (un)assign is called, and always gets its call.
import { internalError, SinkError } from '../errors.ts';
import { askCommitted } from './questions.ts';
import type { RdConsumer, RdError, RdOffset, TopicPartition } from './rdkafka.ts';
import { CODE } from './rdkafka.ts';

export interface RebalanceHooks {
  /** @param committed the group's offsets of them, as `askCommitted` gives them: asked already, and not answered yet */
  assigned(partitions: TopicPartition[], committed: Promise<RdOffset[]>): void;
  /** Partitions go: resolves when what is in flight for them is finished and committed. `lost`: too late for that. */
  revoked(partitions: TopicPartition[], lost: boolean): Promise<void>;
  /** A rebalance could not be carried out; librdkafka has had its answer all the same. */
  failed(error: SinkError): void;
}

/** What a rebalance needs to know of the consumer. */
export interface RebalanceState {
  client(): RdConsumer | undefined;
  isPaused(): boolean;
  isClosing(): boolean;
  /** A fatal error was raised: librdkafka has dropped the assignment itself. */
  isDead(): boolean;
  /** auto.offset.reset=earliest. */
  readonly readsFromStart: boolean;
  /** The poll that is on its way, if any. */
  polling(): Promise<unknown> | undefined;
}

export class Rebalances {
  private last: Promise<void> = Promise.resolve();
  /** A poll that may bring records of partitions that have gone meanwhile. */
  private stale: Promise<unknown> | undefined;

  constructor(
    private readonly hooks: RebalanceHooks,
    private readonly state: RebalanceState,
  ) {}

  /** An event of `rebalance_cb`; nothing in it blocks the JavaScript thread. */
  event(error: RdError, partitions: TopicPartition[]): void {
    const client = this.state.client();
    if (!client) return;
    // Both are of this moment only.
    const cooperative = client.rebalanceProtocol() === 'COOPERATIVE';
    const lost = error.code !== CODE.ASSIGN_PARTITIONS && client.assignmentLost();
    this.last = this.last
      .then(() =>
        error.code === CODE.ASSIGN_PARTITIONS
          ? this.assign(client, partitions, cooperative)
          : this.revoke(client, partitions, cooperative, lost),
      )
      .catch(thrown => this.hooks.failed(internalError(thrown)));
  }

  // --- internal ---

  private async assign(client: RdConsumer, partitions: TopicPartition[], cooperative: boolean) {
    await this.settleStale();
    const committed =
      partitions.length > 0 ? askCommitted(client, partitions, COMMITTED_TIMEOUT_MS) : Promise.resolve([]);
    committed.catch(() => {}); // told to whoever asks for it
    await this.hooked(() => this.hooks.assigned(partitions, committed));
    const starts = this.state.readsFromStart ? await startsOf(partitions, committed) : partitions;
    this.answer(() => {
      if (cooperative) client.incrementalAssign(starts);
      else client.assign(starts);
      if (this.state.isPaused() && partitions.length > 0) client.pause(partitions);
    });
  }

  private async revoke(
    client: RdConsumer,
    partitions: TopicPartition[],
    cooperative: boolean,
    lost: boolean,
  ) {
    await this.hooked(() => this.hooks.revoked(partitions, lost));
    // librdkafka keeps the pause of a partition that leaves: it would come back paused, and nobody would know.
    if (this.state.isPaused() && partitions.length > 0 && !this.state.isClosing())
      this.answer(() => client.resume(partitions));
    this.answer(() => {
      if (cooperative) client.incrementalUnassign(partitions);
      else client.unassign();
    });
    this.stale = this.state.polling();
  }

  /**
   * A poll that began before partitions went may bring records of theirs. Were one of them here again by then, they would
   * pass for its first, and what was given up before them would be committed unread.
   */
  private async settleStale(): Promise<void> {
    const { stale } = this;
    if (!stale) return;
    this.stale = undefined;
    await stale.catch(() => {}); // whoever polls gets it
    // Not before whoever polls has dealt with it.
    await Bun.sleep(0);
  }

  /** @throws nothing: what the hook throws is a defect, and ends the sink */
  private async hooked(hook: () => void | Promise<void>): Promise<void> {
    try {
      await hook();
    } catch (thrown) {
      this.hooks.failed(internalError(thrown));
    }
  }

  private answer(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      // During disconnect librdkafka may have dropped the assignment already, as after a fatal error.
      if (this.state.isClosing() || this.state.isDead()) return;
      this.hooks.failed(
        new SinkError('KAFKA_REBALANCE', "Kafka's client does not carry out a rebalance", {
          found: thrown instanceof Error ? thrown.message : String(thrown),
          fix: 'Start again; if it comes again, please report it',
          cause: thrown,
        }),
      );
    }
  }
}

// --- internal ---

/**
 * Where the group has no offset, reading begins at the beginning. librdkafka would find that out itself, and then waits 100 ms
 * before it looks where that is (rd_kafka_offset_reset, with an error).
 * @returns the partitions as they are when the group does not answer at once
 */
async function startsOf(
  partitions: TopicPartition[],
  committed: Promise<RdOffset[]>,
): Promise<TopicPartition[]> {
  const late = Bun.sleep(START_WAIT_MS).then(() => undefined);
  const known = await Promise.race([committed.catch(() => undefined), late]);
  // One of a partition that cannot be told stands there as an error.
  if (known?.length !== partitions.length || known.some(one => typeof one.topic !== 'string'))
    return partitions;
  return known.map(({ topic, partition, offset }) =>
    offset === undefined || offset < 0 ? { topic, partition, offset: BEGINNING } : { topic, partition },
  );
}

const COMMITTED_TIMEOUT_MS = 5000;
/** So long an assignment waits for the answer. */
const START_WAIT_MS = 500;
/** RD_KAFKA_OFFSET_BEGINNING */
const BEGINNING = -2;
