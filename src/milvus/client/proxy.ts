// Does gRPC go through an HTTP proxy that the environment names? By grpc-js' rules (http_proxy.js there).
import { isIPv4 } from 'node:net';

type Environment = Record<string, string | undefined>;

/**
 * @param host of Milvus, without the brackets of an IPv6 address
 * @returns the variable that names the proxy; undefined when there is none for this host
 */
export function proxyVariable(host: string, env: Environment): string | undefined {
  const variable = ['grpc_proxy', 'https_proxy', 'http_proxy'].find(name => env[name]);
  if (variable === undefined) return undefined;
  const exceptions = env.no_grpc_proxy || env.no_proxy;
  return exceptions?.split(',').some(exception => matches(host, exception)) ? undefined : variable;
}

// --- internal ---

/** A network in CIDR notation that holds the host, or the end of its name. */
function matches(host: string, exception: string): boolean {
  const [network, length, more] = exception.split('/');
  if (network && length && more === undefined && isIPv4(network) && isIPv4(host) && /^\d+$/.test(length)) {
    const bits = Number(length);
    if (bits <= 32) {
      const size = 2 ** (32 - bits);
      return Math.floor(numberOf(network) / size) === Math.floor(numberOf(host) / size);
    }
  }
  return host.endsWith(exception);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
