// Addresses: where Milvus is (public.endpoint) and where we listen (listeners, rest.host.name, rest.port).

export interface Endpoint {
  host: string;
  port: number;
  tls: boolean;
}

export const ENDPOINT_FORMS = 'https://host:port, http://host:port or host:port, without path or user';
export const LISTENER_FORMS = 'http://host:port, host empty for all addresses';

/**
 * `https://host[:port]` (443), `http://host[:port]` and bare `host[:port]` (19530, no TLS); IPv6 in brackets.
 * undefined for anything else: a path, user-info, a placeholder such as `<public.endpoint>`.
 */
export function parseEndpoint(value: string): Endpoint | undefined {
  const match = /^(?:(https?):\/\/)?([^/?#]*)\/?$/i.exec(value.trim());
  if (!match) return undefined;
  const tls = match[1]?.toLowerCase() === 'https';
  const address = parseHostPort(match[2]!);
  if (!address || address.host === '') return undefined;
  const port = address.port ?? (tls ? 443 : 19530);
  return port === 0 ? undefined : { host: address.host, port, tls };
}

/** `host:port` as a connection target; IPv6 gets its brackets back. */
export function formatAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A Connect listener; the empty host stands for all addresses, IPv4's and IPv6's. */
export function parseListener(
  value: string,
): { scheme: 'http' | 'https'; host: string; port: number } | undefined {
  const match = /^(https?):\/\/([^/?#]*)\/?$/i.exec(value.trim());
  if (!match) return undefined;
  const address = parseHostPort(match[2]!);
  if (address?.port === undefined) return undefined;
  return {
    scheme: match[1]!.toLowerCase() as 'http' | 'https',
    host: address.host,
    port: address.port,
  };
}

/** A host name, IPv4 or bare IPv6 address. */
export function isHost(value: string): boolean {
  return value === '' || /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$/.test(value) || isIPv6(value);
}

// --- internal ---

function parseHostPort(value: string): { host: string; port: number | undefined } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]@\s]*))(?::(\d{1,5}))?$/.exec(value);
  if (!match) return undefined;
  const host = match[1] ?? match[2]!;
  if (match[1] !== undefined ? !isIPv6(host) : !isHost(host)) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  return port !== undefined && port > 65535 ? undefined : { host, port };
}

function isIPv6(value: string): boolean {
  return value.includes(':') && /^[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?$/.test(value);
}
