// Which of the two transports the data plane has: the native one, unless the settings or a proxy want grpc-js.
import type { ChannelInterface, Metadata } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.ts';
import { openGrpcJsChannel } from './grpc-js-channel.ts';
import { openNativeChannel } from './native-channel.ts';
import { proxyVariable } from './proxy.ts';
import type { MilvusSettings, Transport } from './settings.ts';
import { bareHost, type TlsMaterial, tlsError, verifiedName } from './tls.ts';
import type { UnaryChannel } from './unary.ts';

/** The native client connects directly only: a proxy that the environment names is grpc-js' to use. */
export function chooseTransport(
  settings: MilvusSettings,
  env: Record<string, string | undefined>,
  log: Logger,
): Transport {
  const variable = proxyVariable(bareHost(settings), env);
  if (settings.transport === 'grpc-js' || variable === undefined) return settings.transport;
  log.info('gRPC goes through a proxy that the environment names: milvus.transport=grpc-js', { variable });
  return 'grpc-js';
}

export interface TransportParts {
  /** The control plane's, for calls by grpc-js. */
  channel: ChannelInterface;
  /** What every call brings. */
  metadata: Metadata;
  /** undefined: no TLS. */
  tls: TlsMaterial | undefined;
}

/** @throws SinkError MILVUS_TLS when certificate and key cannot be used, NATIVE_LOAD */
export function openUnaryChannel(
  transport: Transport,
  settings: MilvusSettings,
  { channel, metadata, tls }: TransportParts,
): UnaryChannel {
  if (transport === 'grpc-js') return openGrpcJsChannel(channel, metadata);
  const target = {
    host: bareHost(settings),
    port: settings.port,
    authority: settings.address,
    metadata: Object.entries(metadata.getMap()).flatMap(([name, value]) => [name, String(value)]),
  };
  if (!tls) return openNativeChannel(target);
  const { roots, cert, key } = tls;
  const texts = {
    roots: roots.toString(),
    name: verifiedName(settings),
    ...(cert ? { certificate: cert.toString() } : {}),
    ...(key ? { key: key.toString() } : {}),
  };
  try {
    return openNativeChannel({ ...target, tls: texts });
  } catch (error) {
    throw tlsError(error);
  }
}
