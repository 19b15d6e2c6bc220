// Loads the official Kafka client with its native addon, and says in words why that can fail on a machine.

import type * as Package from '@confluentinc/kafka-javascript';
import { loadFailure } from '../native-load.ts';

/** The package as it is: `KafkaConsumer`, `Producer`, `AdminClient`, `CODES`, `librdkafkaVersion`, `features`. */
export type Kafka = typeof Package;

let loaded: Kafka | undefined;

/**
 * The official client (`@confluentinc/kafka-javascript`), loaded at the first call: a command that needs no Kafka
 * starts without it.
 *
 * @throws SinkError NATIVE_LOAD when the addon cannot be loaded: the executable unpacks it into the temp directory,
 *   which may be read-only or mounted noexec, and it needs a C library as new as the one it was linked with
 */
export function loadKafka(): Kafka {
  if (!loaded) {
    try {
      // A static require, so that the bundler embeds the package, and with it the addon.
      loaded = require('@confluentinc/kafka-javascript') as Kafka;
    } catch (error) {
      throw loadFailure(error, process.env);
    }
  }
  return loaded;
}
