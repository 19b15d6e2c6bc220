// A Kafka client's settings as they are written, one name for each meaning, and who answers for which of them.

import type { Setting } from '../value/entry.ts';

/** A client setting without its prefix; of two that say the same, the one with the higher rank wins. */
export interface ClientSetting extends Setting {
  rank: number;
}

/**
 * Who takes a setting answers for it: translates, refuses or warns of it. What nobody has taken is left for `rest`, so
 * that nothing configured is forgotten.
 */
export class ClientSettings {
  private readonly settings: ReadonlyMap<string, ClientSetting>;
  private readonly left: Set<string>;

  /** @param settings by Java's name without prefix where Java has one */
  constructor(settings: ReadonlyMap<string, ClientSetting>) {
    this.settings = settings;
    this.left = new Set(settings.keys());
  }

  /** Every setting, taken or not. */
  all(): Iterable<ClientSetting> {
    return this.settings.values();
  }

  /** A look that leaves the setting to others. */
  peek(name: string): ClientSetting | undefined {
    return this.settings.get(name);
  }

  /** @param when takes it only with such a value */
  take(name: string, when: (value: string) => boolean = () => true): ClientSetting | undefined {
    const setting = this.settings.get(name);
    if (!setting || !when(setting.value.trim())) return undefined;
    this.left.delete(name);
    return setting;
  }

  /** As `take`, but an empty value, which is taken as well, is an unset one. */
  takeFilled(name: string): ClientSetting | undefined {
    const setting = this.take(name);
    return setting && setting.value.trim() !== '' ? setting : undefined;
  }

  /** Takes what nobody has taken, in the order of the settings. */
  rest(when: (name: string, value: string) => boolean = () => true): [name: string, ClientSetting][] {
    const found = [...this.settings].filter(
      ([name, setting]) => this.left.has(name) && when(name, setting.value.trim()),
    );
    for (const [name] of found) this.left.delete(name);
    return found;
  }
}

/** Lays settings over one another, the later ones winning, by one name for each meaning. */
export function mergeClient(layers: readonly ReadonlyMap<string, Setting>[]): ClientSettings {
  const merged = new Map<string, ClientSetting>();
  layers.forEach((layer, rank) => {
    for (const [name, setting] of layer) {
      const canonical = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
      merged.set(canonical, { ...setting, rank });
    }
  });
  return new ClientSettings(merged);
}

// --- internal ---

/** librdkafka's aliases → the names used here, which are Java's where Java has one. */
const ALIASES: Record<string, string> = {
  'metadata.broker.list': 'bootstrap.servers',
  'sasl.mechanisms': 'sasl.mechanism',
  'fetch.wait.max.ms': 'fetch.max.wait.ms',
  'fetch.message.max.bytes': 'max.partition.fetch.bytes',
  'socket.timeout.ms': 'request.timeout.ms',
  'socket.receive.buffer.bytes': 'receive.buffer.bytes',
  'socket.send.buffer.bytes': 'send.buffer.bytes',
  'topic.metadata.refresh.interval.ms': 'metadata.max.age.ms',
};
