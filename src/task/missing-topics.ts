// Looks for topics that are missing. One that comes is known by its partitions' assignment, but only to the member of the
// group that gets them: the others look for it themselves.
import type { KafkaConsumer } from '../kafka/consumer.ts';

export interface MissingTopicsOptions {
  consumer: () => Pick<KafkaConsumer, 'topics'> | undefined;
  /** What is to be read. */
  wanted: () => readonly string[];
  /** Somebody still waits for them, and nothing stops. */
  isWaiting: () => boolean;
  /** All of them are there. */
  found: () => void;
  /** Before each look. */
  pause: () => Promise<void>;
}

export class MissingTopics {
  private looking = false;

  constructor(private readonly options: MissingTopicsOptions) {}

  /** Looks as long as somebody waits. To be called at every sign that one is missing. */
  look(): void {
    if (this.looking) return;
    this.looking = true;
    void this.search().finally(() => {
      this.looking = false;
    });
  }

  // --- internal ---

  private async search(): Promise<void> {
    const { consumer, wanted, isWaiting, found, pause } = this.options;
    while (isWaiting()) {
      await pause();
      const there = await consumer()
        ?.topics()
        .catch((): string[] => []);
      if (wanted().every(topic => there?.includes(topic))) found();
    }
  }
}
