// Where Milvus is, how it is asked, and what it may take.

/** What carries the data plane's calls. */
export type Transport = 'native' | 'grpc-js';

export interface MilvusSettings {
  /** host:port, no scheme */
  address: string;
  host: string;
  port: number;
  tls: boolean;
  /** PEM files for a private CA or mutual TLS; unset: the system's roots. */
  tlsCaFile?: string;
  tlsCertFile?: string;
  tlsKeyFile?: string;
  /** Name to verify instead of `host`. */
  tlsServerName?: string;
  transport: Transport;
  /** An API key or `user:password`; empty when the server wants none. Secret: never log it. */
  token: string;
  database: string;
  collection: string;
  /** Longest deadline of one request, ms. */
  requestTimeoutMs: number;
  /** How long a running sink waits when it is suddenly refused, ms; negative: for ever. */
  refusedTimeoutMs: number;
  /** Shortest deadline of an upsert, ms; what is beyond `requestTimeoutMs` means that. */
  requestTimeoutMinMs: number;
  /** Longest JSON value that the server takes, bytes. */
  jsonMaxBytes: number;
}
