// One broker's trouble is not Kafka's: only when no broker answers is Kafka away, until one does.
import type { KafkaConsumer } from '../kafka/consumer.ts';

export interface BrokerProbeOptions {
  /** undefined before a broker has answered. */
  consumer: () => Pick<KafkaConsumer, 'reachable'> | undefined;
  /** No broker answers; called at every failed question. */
  away: (reason: string) => void;
  /** One does. */
  answered: () => void;
  /** Between two questions. */
  pause: () => Promise<void>;
  stopped: () => boolean;
}

export class BrokerProbe {
  private probing = false;

  constructor(private readonly options: BrokerProbeOptions) {}

  /**
   * Asks until a broker answers.
   * @param reason what gave the occasion
   * @returns false when there is nothing to do: a question is out already, or no broker has ever answered
   */
  start(reason: string): boolean {
    if (this.probing || !this.options.consumer()) return false;
    this.probing = true;
    void this.ask(reason).finally(() => {
      this.probing = false;
    });
    return true;
  }

  // --- internal ---

  private async ask(reason: string): Promise<void> {
    const { consumer, away, answered, pause, stopped } = this.options;
    for (let current = consumer(); !stopped() && current; current = consumer()) {
      if (await current.reachable()) {
        answered();
        return;
      }
      away(reason);
      await pause();
    }
  }
}
