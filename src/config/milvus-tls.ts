// TLS to Milvus: do the milvus.tls.* keys fit each other, the endpoint and the files they name?
import type { Findings, Setting } from './entry.ts';
import { shown } from './entry.ts';
import type { KeyName, Values } from './keys.ts';
import { decodeText } from './properties.ts';
import { normalizePem } from './stores.ts';

const FILES = {
  'milvus.tls.ca.location': 'CERTIFICATE',
  'milvus.tls.certificate.location': 'CERTIFICATE',
  'milvus.tls.key.location': 'PRIVATE KEY',
} as const;

export function checkMilvusTls(
  values: Values,
  chosen: ReadonlyMap<KeyName, Setting>,
  readFile: (path: string) => Uint8Array,
  findings: Findings,
): void {
  const endpoint = values['public.endpoint'];
  if (!endpoint) return;
  const keys = [...(Object.keys(FILES) as (keyof typeof FILES)[]), 'milvus.tls.server.name' as const];
  const given = keys.filter(key => chosen.has(key));
  if (!endpoint.tls) {
    if (given.length > 0)
      findings.warnings.push(`no effect without https:// in public.endpoint: ${given.join(', ')}`);
    if (values.token && !isLocal(endpoint.host)) {
      findings.warnings.push('public.endpoint is not https://: token and records travel unencrypted');
    }
    return;
  }
  if (values.token === '')
    findings.warnings.push('token is empty: Zilliz Cloud and a Milvus with authorization refuse that');
  const certificate = chosen.get('milvus.tls.certificate.location');
  const key = chosen.get('milvus.tls.key.location');
  if (certificate && !key) pair(certificate, 'milvus.tls.key.location', findings);
  if (key && !certificate) pair(key, 'milvus.tls.certificate.location', findings);
  for (const [name, kind] of Object.entries(FILES)) {
    const setting = chosen.get(name as KeyName);
    if (setting) checkPem(setting, kind, readFile, findings);
  }
}

// --- internal ---

function isLocal(host: string): boolean {
  return /^(localhost|127\..*|::1)$/.test(host);
}

function pair(setting: Setting, missing: KeyName, findings: Findings): void {
  findings.problems.push({ where: setting.source, key: setting.key, problem: `needs ${missing} as well` });
}

function checkPem(
  setting: Setting,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  readFile: (path: string) => Uint8Array,
  findings: Findings,
): void {
  const place = { where: setting.source, key: setting.key };
  let bytes: Uint8Array;
  try {
    bytes = readFile(setting.value.trim());
  } catch {
    const expected = 'a file that this user may read';
    findings.problems.push({ ...place, problem: 'the file cannot be read', expected, found: shown(setting) });
    return;
  }
  if (normalizePem(decodeText(bytes), kind) === undefined) {
    findings.problems.push({
      ...place,
      problem: 'the file is not PEM',
      expected: `-----BEGIN ${kind}----- in it`,
    });
  }
}
