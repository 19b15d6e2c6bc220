// The file of a key or trust store: what it really is, whether OpenSSL can use it, and the line that converts it.

import { normalizePem, type PemBlock, pemForm, pemText, type ReadFile, readNamedFile } from '../value/pem.ts';
import type { ClientSetting } from './client.ts';
import { type StoreKind, storeKind } from './store-kind.ts';
import type { Translation } from './translation.ts';

/** Java's default type is JKS, by which it reads PKCS12 as well. */
export function storeType(setting: ClientSetting | undefined): string {
  return setting?.value.trim().toUpperCase() ?? 'JKS';
}

/** The file and what it is; undefined, and a problem, when it cannot be read or is no store. */
export function readStore(
  location: ClientSetting,
  type: string,
  out: Translation,
  readFile: ReadFile,
): { kind: Exclude<StoreKind, 'DER'>; bytes: Uint8Array } | undefined {
  const bytes = readNamedFile(location, readFile, out);
  if (bytes === undefined) return undefined;
  const kind = storeKind(bytes);
  if (type === 'PEM' && kind !== 'PEM') {
    const found = kind === undefined ? 'no such block' : describeKind(kind);
    out.problem(location, 'the file is not PEM', { expected: '-----BEGIN …----- in it', found });
    return undefined;
  }
  if (kind !== undefined && kind !== 'DER') return { kind, bytes };
  const declared = /^(BCFKS|DKS)$/.test(type) ? `a ${type} store, by its declared type` : undefined;
  out.problem(location, 'the file is no store that OpenSSL can use', {
    expected: 'a PEM or PKCS12 file',
    found:
      declared ??
      (kind === 'DER' ? describeKind(kind) : bytes.length === 0 ? 'an empty file' : 'something else'),
  });
  return undefined;
}

/** Java takes a PEM store only when its type says so. */
export function warnPem(location: ClientSetting, typeKey: string, out: Translation): void {
  out.warn(location, `is a PEM file and read as one: Java would need ${typeKey}=PEM`);
}

/** The command that makes a PKCS12 store of another one. */
export function keytool(kind: StoreKind, from: string, to: string): string {
  // keytool tells the other kinds apart by itself.
  const source = kind === 'JCEKS' ? ' -srcstoretype JCEKS' : '';
  return `keytool -importkeystore -srckeystore ${from}${source} -destkeystore ${to} -deststoretype PKCS12`;
}

export function bothGiven(location: ClientSetting, inline: ClientSetting, out: Translation): void {
  out.problem(location, `is set together with ${inline.key}`, { expected: 'one of the two' });
}

export function pemOnly(inline: ClientSetting, typeKey: string, out: Translation): void {
  out.problem(inline, `needs ${typeKey}=PEM`);
}

export function refuseStore(
  location: ClientSetting,
  kind: StoreKind,
  expected: string,
  fix: string,
  out: Translation,
): void {
  out.problem(location, 'OpenSSL cannot use this store', { expected, found: describeKind(kind), fix });
}

/** A property of a PEM text that stands in the setting itself. */
export function setPem(name: string, setting: ClientSetting, block: PemBlock, out: Translation): void {
  const pem = normalizePem(setting.value, block);
  if (pem === undefined) out.problem(setting, 'is not PEM', { expected: `${pemForm(block)} …` });
  else out.set(name, pem, setting);
}

/** Whether the file has such a block; a problem when it has not. */
export function checkPem(
  location: ClientSetting,
  block: PemBlock,
  bytes: Uint8Array,
  out: Translation,
): boolean {
  if (pemText(bytes, block) !== undefined) return true;
  const expected = `${pemForm(block)} in it`;
  out.problem(location, 'the file lacks a block', { expected, found: 'no such block' });
  return false;
}

/** The store's file name without its ending, for the files that a conversion makes. */
export function baseName(location: ClientSetting): string {
  return location.value
    .trim()
    .replace(/^.*[/\\]/, '')
    .replace(/\.(jks|p12|pfx|keystore|truststore)$/i, '');
}

/** A path as a shell takes it, in quotes where it needs them. */
export function shellWord(path: string): string {
  return /^[A-Za-z0-9_./\\:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

// --- internal ---

function describeKind(kind: StoreKind): string {
  return kind === 'DER' ? 'DER, that is binary' : `a ${kind} store`;
}
