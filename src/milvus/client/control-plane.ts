// The SDK's client, for the control plane only, with its retries, telemetry and pool out of the way.
import type { ChannelCredentials, ChannelInterface } from '@grpc/grpc-js';
import { channelOptions } from './channel.ts';
import { classifyStatus } from './classify.ts';
import type { CollectionCalls } from './describe.ts';
import { translate } from './sdk-error.ts';
import { type SdkStatus, toStatus } from './sdk-status.ts';
import type { MilvusSettings } from './settings.ts';
import { controlError } from './unavailable.ts';

export interface ControlPlane {
  readonly calls: CollectionCalls;
  /** That of the SDK's calls, for others to call on as well; whoever opened the control plane closes it. */
  readonly channel: ChannelInterface;
  /** What the SDK sends with each of its calls: authorization, dbname, identifier. Complete after `connect`. */
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * Calls Connect.
   * @returns the server's version; `unknown` from servers that do not say it
   * @throws SinkError or MilvusUnavailable as `connectMilvus` does
   */
  connect(): Promise<string>;
}

/** Makes the client and its channel; nothing is sent yet. */
export async function openControlPlane(
  sdk: typeof import('@zilliz/milvus2-sdk-node'),
  settings: MilvusSettings,
  credentials: ChannelCredentials,
): Promise<ControlPlane> {
  class Client extends sdk.MilvusClient {
    constructor() {
      super({
        address: settings.address,
        ssl: settings.tls,
        token: settings.token,
        database: settings.database,
        timeout: settings.requestTimeoutMs,
        maxRetries: 0,
        telemetry: { enabled: false },
        channelOptions: channelOptions(settings),
        // A pool is of no use over HTTP/2: its clients share one TCP connection anyway. Filled at the first call.
        pool: { min: 0, max: 1 },
        isGlobal: false,
        logLevel: 'error',
        __SKIP_CONNECT__: true,
      });
      // The SDK's own credentials cannot verify the certificate of an IP address, nor use the machine's roots.
      this.creds = credentials;
    }

    get callMetadata(): ReadonlyMap<string, string> {
      return this.metadata;
    }

    async openChannel(): Promise<ChannelInterface> {
      const client = await this.channelPool.acquire();
      const channel = client.getChannel();
      await this.channelPool.release(client);
      return channel;
    }
  }

  const client = new Client();
  return {
    calls: client,
    channel: await client.openChannel(),
    get metadata() {
      return client.callMetadata;
    },
    async connect() {
      try {
        client.connect(sdk.MilvusClient.sdkInfo.version);
        // Typed as void by the SDK.
        const answer = (await client.connectPromise) as unknown as ConnectAnswer;
        const failure = answer.status && classifyStatus(toStatus(answer.status));
        if (failure) throw controlError(failure, settings);
        return answer.server_info?.build_tags || 'unknown';
      } catch (error) {
        throw translate(error, settings);
      }
    },
  };
}

// --- internal ---

/** Without fields from servers that do not know Connect. */
interface ConnectAnswer {
  status?: SdkStatus;
  server_info?: { build_tags?: string } | null;
}
