// The connection to Milvus: the SDK for the control plane (connect, describe, list), unary calls of our own for the data plane.
import type { Logger } from '../../observe/log.ts';
import type { CollectionSchema } from '../collection/schema.ts';
import { statusOf } from '../wire/status.ts';
import { probe } from './channel.ts';
import { classifyStatus } from './classify.ts';
import { openControlPlane } from './control-plane.ts';
import { describeCollection } from './describe.ts';
import { logGrpc } from './grpc-log.ts';
import type { MilvusSettings } from './settings.ts';
import { createCredentials, readTlsMaterial } from './tls.ts';
import { chooseTransport, openUnaryChannel } from './transport.ts';
import type { UnaryChannel } from './unary.ts';
import { controlError } from './unavailable.ts';
import { createWriter, type Writer } from './writer.ts';

export interface MilvusConnection {
  /** As the server says it, e.g. `v2.6.4`; `unknown` from servers before 2.2.9. */
  readonly serverVersion: string;
  readonly writer: Writer;
  /**
   * Reads the collection's schema.
   * @throws SinkError of kind `milvus`: collection or database missing, no permission
   * @throws MilvusUnavailable when it is worth trying again
   */
  describe(): Promise<CollectionSchema>;
  /**
   * One small call over the data plane's channel.
   * @throws SinkError when the server refuses the token, MilvusUnavailable when it does not answer
   */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectDeps {
  log: Logger;
}

/**
 * Connects once; whoever calls decides whether and when to try again.
 * @throws SinkError of kind `milvus` when the server refuses (token, database), MILVUS_TLS when a TLS file cannot be used
 * @throws MilvusUnavailable when it is worth trying again: unreachable, not ready, TLS against no TLS, bad certificate
 */
export async function connectMilvus(settings: MilvusSettings, deps: ConnectDeps): Promise<MilvusConnection> {
  const { log } = deps;
  // The SDK costs most of the start and of the memory: loaded by those who connect, not by --help.
  const [sdk, grpc] = await Promise.all([
    import('@zilliz/milvus2-sdk-node'),
    import('@grpc/grpc-js'),
    probe(settings),
  ]);
  logGrpc(grpc, log);
  const tls = await readTlsMaterial(settings);
  const transport = chooseTransport(settings, process.env, log);
  const control = await openControlPlane(sdk, settings, createCredentials(tls, settings, grpc.credentials));
  let unary: UnaryChannel | undefined;
  // Not the SDK's closeConnection: it asks a channel that it has just closed to connect again, and the channel then
  // goes on trying for ever. Nothing else of the SDK's needs to be closed: telemetry is off, its channel never connects.
  const close = () => {
    unary?.close();
    control.channel.close();
  };
  let serverVersion: string;
  try {
    serverVersion = await control.connect();
    const metadata = new grpc.Metadata();
    for (const [key, value] of control.metadata) metadata.set(key, value);
    unary = openUnaryChannel(transport, settings, { channel: control.channel, metadata, tls });
  } catch (error) {
    close();
    throw error;
  }
  const data = unary;
  log.debug('connected to Milvus', { address: settings.address, version: serverVersion, transport });

  return {
    serverVersion,
    writer: createWriter(data, log),
    describe: () => describeCollection(control.calls, settings, serverVersion),
    ping: () => ping(data, settings),
    close: async () => close(),
  };
}

// --- internal ---

const EMPTY = Buffer.alloc(0);
const GET_VERSION = '/milvus.proto.milvus.MilvusService/GetVersion';

async function ping(channel: UnaryChannel, settings: MilvusSettings): Promise<void> {
  const answer = await channel.call(GET_VERSION, EMPTY, { timeoutMs: settings.requestTimeoutMs });
  if ('failure' in answer) {
    // Whoever says that it does not know the call is there.
    if (answer.failure.label === 'unimplemented') return;
    throw controlError(answer.failure, settings);
  }
  const failure = classifyStatus(statusOf(answer.body));
  if (failure) throw controlError(failure, settings);
}
