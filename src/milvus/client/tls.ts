// TLS to Milvus: whom the sink trusts, how it shows itself, and which name the certificate must have.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { checkServerIdentity, getCACertificates } from 'node:tls';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { SinkError } from '../../errors.ts';
import type { MilvusSettings } from './settings.ts';

/** PEM: what a TLS connection is made with. */
export interface TlsMaterial {
  roots: Buffer;
  cert: Buffer | null;
  key: Buffer | null;
}

/**
 * @returns undefined without TLS
 * @throws SinkError MILVUS_TLS when a file cannot be read
 */
export async function readTlsMaterial(settings: MilvusSettings): Promise<TlsMaterial | undefined> {
  if (!settings.tls) return undefined;
  const [ca, cert, key] = await Promise.all([
    readPem(settings.tlsCaFile),
    readPem(settings.tlsCertFile),
    readPem(settings.tlsKeyFile),
  ]);
  // Without a CA of the user's: Bun's roots and the machine's, where companies install theirs.
  const roots =
    ca ?? Buffer.from([...getCACertificates('default'), ...getCACertificates('system')].join('\n'));
  return { roots, cert, key };
}

/**
 * @param factory of grpc-js
 * @throws SinkError MILVUS_TLS when a file is not what it has to be
 */
export function createCredentials(
  material: TlsMaterial | undefined,
  settings: MilvusSettings,
  factory: typeof import('@grpc/grpc-js').credentials,
): ChannelCredentials {
  if (!material) return factory.createInsecure();
  const { roots, cert, key } = material;
  const name = verifiedName(settings);
  try {
    return factory.createSsl(roots, key, cert, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(name, certificate),
    });
  } catch (error) {
    throw tlsError(error);
  }
}

/** What the TLS library says of files that it cannot use. */
export function tlsError(error: unknown): SinkError {
  return new SinkError('MILVUS_TLS', 'the TLS files for Milvus cannot be used', {
    found: (error as Error).message,
    fix: 'Check that certificate and key are PEM and belong together',
  });
}

/** Name or IP address that the server's certificate must have. */
export function verifiedName(settings: MilvusSettings): string {
  return settings.tlsServerName || bareHost(settings);
}

/**
 * The name that goes to the server. Bun refuses TLS to an IP address unless a name is set, and the name must be none. An
 * IP address is then verified against the certificate by `createCredentials`.
 */
export function serverName(settings: MilvusSettings): string {
  if (settings.tlsServerName) return settings.tlsServerName;
  return isIP(bareHost(settings)) === 0 ? settings.host : 'milvus';
}

/** The host without the brackets of an IPv6 address. */
export function bareHost(settings: MilvusSettings): string {
  return settings.host.replace(/^\[|\]$/g, '');
}

// --- internal ---

async function readPem(path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new SinkError('MILVUS_TLS', 'a TLS file for Milvus cannot be read', {
      where: path,
      found: (error as Error).message,
    });
  }
}
