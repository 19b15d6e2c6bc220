// What librdkafka has against the consumer's settings, as an error with the place in the user's files.
import type { ConnectorSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import { checkSettings } from '../kafka/check-settings.ts';

/**
 * To be asked before anything waits for Kafka.
 * @throws SinkError CONFIG_INVALID, exit code 1, with the key, its place and librdkafka's whole reason
 */
export async function checkClient(
  settings: Pick<ConnectorSettings, 'consumer' | 'effective'>,
  mask: (text: string) => string,
): Promise<void> {
  const refused = await checkSettings(settings.consumer);
  if (!refused) return;
  const { property, summary, reason, fix } = refused;
  const source = settings.effective.find(({ key }) => key === `librdkafka.${property}`)?.source;
  throw new SinkError('CONFIG_INVALID', summary, {
    ...(source !== undefined && source !== 'default' && { where: source }),
    found: mask(reason),
    fix,
  });
}

/**
 * The same for all connectors, one after the other.
 * @throws SinkError CONFIG_INVALID with everything that is refused; what stands in the worker's file is named once
 */
export async function checkClients(
  connectors: readonly Pick<ConnectorSettings, 'consumer' | 'effective'>[],
  mask: (text: string) => string,
): Promise<void> {
  const refused = new Map<string, SinkError>();
  for (const settings of connectors) {
    try {
      await checkClient(settings, mask);
    } catch (error) {
      if (!(error instanceof SinkError)) throw error;
      refused.set(error.message, error);
    }
  }
  const [first, ...others] = refused.values();
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const lines = [...refused.keys()].map(message => `  ${message.replace(/^[A-Z_]+(?: at|:) /, '')}`);
  throw new SinkError(
    'CONFIG_INVALID',
    [`${lines.length} problems in the configuration`, ...lines].join('\n'),
  );
}
