// Settings among the arguments: only after --set, and never secrets, which ps would show to everybody.

import { isSecretKey } from '../config/value/secrets.ts';
import { SinkError } from '../errors.ts';

/**
 * @param text what follows a `--set`
 * @throws SinkError ARGUMENT_INVALID when it is no `key=value`, ARGUMENT_SECRET when the value is a secret
 */
export function checkOverride(text: string): void {
  const equals = text.indexOf('=');
  const key = text.slice(0, equals).trim();
  if (equals < 1 || key === '') {
    throw new SinkError('ARGUMENT_INVALID', '--set takes a key and a value', {
      expected: '--set key=value',
      // What has no key may be a secret that lost it.
      ...(equals < 0 && { found: `${text.length} characters without =` }),
    });
  }
  const value = text.slice(equals + 1).trim();
  if (isSecretKey(key) && value !== '' && !/\$\{[^}]+\}/.test(value)) {
    throw new SinkError(
      'ARGUMENT_SECRET',
      `${key} is secret and arguments are not: ps shows them to everybody on this machine`,
      { expected: `${key} in a file, or a reference there such as \${env:NAME}`, fix: PROVIDER_HELP },
    );
  }
}

/**
 * `token=…` without its `--set` is no file, and its value may be a secret: only the key is repeated.
 * @param text an argument that is no existing file
 * @throws SinkError ARGUMENT_INVALID when it looks like a setting
 */
export function refuseSetting(text: string): void {
  const key = /^\s*([A-Za-z][\w.-]*)\s*=/.exec(text)?.[1];
  if (key === undefined) return;
  throw new SinkError('ARGUMENT_INVALID', 'this is a setting and no file', {
    expected: 'files, and settings after --set',
    found: `${key}=…`,
    fix: isSecretKey(key) ? `It is secret, and arguments are not. ${PROVIDER_HELP}` : `Write --set ${key}=…`,
  });
}

// --- internal ---

/** How a secret gets into the process instead. */
const PROVIDER_HELP =
  "Write in the worker's file: config.providers=env and " +
  'config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider; ' +
  `in the connector's: token=\${env:MILVUS_TOKEN} (FileConfigProvider reads it from a file)`;
