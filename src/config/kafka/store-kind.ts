// What a key or trust store really is, by its first bytes: its name and its declared type are only what somebody meant.

export type StoreKind = 'PEM' | 'PKCS12' | 'JKS' | 'JCEKS' | 'DER';

/** The kind of a file; undefined when it is none of them. DER is a bare certificate, key or other store. */
export function storeKind(bytes: Uint8Array): StoreKind | undefined {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (magic === 'feedfeed') return 'JKS';
  if (magic === 'cececece') return 'JCEKS';
  if (bytes[0] === SEQUENCE) return isPkcs12(bytes) ? 'PKCS12' : 'DER';
  // OpenSSL and keytool write text before the blocks.
  return Buffer.from(bytes).includes('-----BEGIN ') ? 'PEM' : undefined;
}

// --- internal ---

const SEQUENCE = 0x30;

/** PFX begins with its version, the integer 3 (RFC 7292); certificates and keys do not. */
function isPkcs12(bytes: Uint8Array): boolean {
  const length = bytes[1] ?? 0;
  const content = length > 0x80 ? 2 + (length & 0x7f) : 2;
  return Buffer.from(bytes.subarray(content, content + 3)).toString('hex') === '020103';
}
