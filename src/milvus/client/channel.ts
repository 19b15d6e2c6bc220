// The channel to Milvus: whether anybody listens there at all, and how grpc-js keeps the connection.
import { connect as connectTcp } from 'node:net';
import type { ChannelOptions } from '@grpc/grpc-js';
import { Failure } from './failure.ts';
import { proxyVariable } from './proxy.ts';
import type { MilvusSettings } from './settings.ts';
import { bareHost, serverName } from './tls.ts';
import { MilvusUnavailable } from './unavailable.ts';

/**
 * Looks for a listener before anything is built: the usual wait for a Milvus that is not there yet then costs nothing.
 * grpc-js keeps the subchannel of each channel that never got through, and it connects once more on its own.
 * @throws MilvusUnavailable when nobody accepts within the request timeout
 */
export async function probe(settings: MilvusSettings): Promise<void> {
  if (proxyVariable(bareHost(settings), process.env) !== undefined) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connectTcp({ host: bareHost(settings), port: settings.port });
  socket.setTimeout(settings.requestTimeoutMs, () => {
    reject(new Error(`no connection within ${settings.requestTimeoutMs} ms`));
  });
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
  } catch (error) {
    const { message } = error as Error;
    const label = /ENOTFOUND|EAI_AGAIN/.test(message) ? 'name_resolution' : 'connect';
    throw new MilvusUnavailable(new Failure('retry', label, message), settings.address);
  } finally {
    socket.destroy();
  }
}

export function channelOptions(settings: MilvusSettings): ChannelOptions {
  return {
    // A restarted Milvus is found within two seconds; the default grows to two minutes.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    // Default 30 s: too long where a restart means a new address (Kubernetes).
    'grpc.dns_min_time_between_resolutions_ms': 2000,
    // A connection that has died without a word is found by a ping, 10 s into a call or with the first call after a
    // pause. The SDK pings when there is no call as well: gRPC servers other than Milvus' own (milvus-lite, proxies)
    // take that for an attack and cut the connection.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
    'grpc.keepalive_permit_without_calls': 0,
    // Retries are ours: with a pause, counted, and without a second copy of the request in memory.
    'grpc.enable_retries': 0,
    // Its bookkeeping of every call is for a debugging service that nobody can ask here.
    'grpc.enable_channelz': 0,
    ...(settings.tls ? { 'grpc.ssl_target_name_override': serverName(settings) } : {}),
  };
}
