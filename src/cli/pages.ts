// The commands' options and help, apart from what the commands do: --help loads none of it.

import type { ArgsDef } from 'citty';
import { LOG_FORMATS, LOG_LEVELS } from '../observe/log.ts';
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts';
import { columns, type HelpPage } from './help.ts';

export const COMMANDS = ['run', 'validate', 'healthcheck', 'version'] as const;
export type Command = (typeof COMMANDS)[number];

/** Options of every command that reads the configuration. */
const CONFIG_ARGS = {
  set: {
    type: 'string',
    valueHint: 'key=value',
    description: 'Override a key of the files; may be repeated. Not for secrets: ps shows them',
  },
} as const satisfies ArgsDef;

/** Options of every command. */
export const COMMON_ARGS = {
  'log-format': {
    type: 'enum',
    options: [...LOG_FORMATS],
    default: 'text',
    description: 'Form of the log lines on stderr',
  },
  'log-level': {
    type: 'enum',
    options: [...LOG_LEVELS],
    default: 'info',
    description: 'Least severe lines to log',
  },
  help: { type: 'boolean', alias: 'h', description: 'Show help' },
} as const satisfies ArgsDef;

const EXIT_CODES = exitCodes(EXIT_MEANINGS);

const SECRETS = `Everybody on a machine sees a process' arguments (ps), so --set takes no secrets. In the files, write
references, and say once in the worker's file where they lead:
  config.providers=env
  config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
  token=\${env:MILVUS_TOKEN}
FileConfigProvider (\${file:/path:key}) and DirectoryConfigProvider (\${dir:/path:file}) work as well.`;

const FILES = `The files of Kafka Connect standalone with the Milvus sink connector, unchanged: first the worker's, then
one of each connector (properties or JSON). One file with the keys of both sides is fine, too.
CONNECT_* variables (CONNECT_BOOTSTRAP_SERVERS) override the worker's file, --set overrides everything.`;

export const PAGES = {
  run: {
    usage: ['milvus-sink [run] WORKER CONNECTOR… [options]'],
    description: 'Take Kafka records into Milvus until a signal or something that ends it.',
    args: { ...CONFIG_ARGS, ...COMMON_ARGS },
    examples: [
      'milvus-sink connect-standalone.properties milvus-sink-connector.properties',
      'milvus-sink worker.properties a.properties b.json',
      'milvus-sink sink.properties --set tasks.max=4 --log-format json',
    ],
    sections: {
      Files: FILES,
      'Several connectors': `Each has its own group, settings, offsets and health. One that fails stays FAILED (/healthz, /readyz) and
leaves the others running; with on.failure=stop in the worker's file it ends the process. Only a new start
brings it back. The exit code is that of the first failure.`,
      Secrets: SECRETS,
      Signals: `SIGTERM or SIGINT stops in order: no more polls, what is in flight is finished (until the
deadline of its requests), offsets are committed, the groups are left. A second one ends at once.`,
      'Exit codes': EXIT_CODES,
    },
  },
  validate: {
    usage: ['milvus-sink validate WORKER CONNECTOR… [options]'],
    description:
      'Check the files, and with --connect also Kafka and Milvus. Nothing is written or committed.',
    args: {
      connect: {
        type: 'boolean',
        description: 'Also ask Kafka and Milvus, and show how each field will be filled',
      },
      show: {
        type: 'boolean',
        description: 'Print every setting in effect and where it came from; secrets are hidden',
      },
      ...CONFIG_ARGS,
      ...COMMON_ARGS,
    },
    examples: [
      'milvus-sink validate worker.properties connector.properties',
      'milvus-sink validate worker.properties a.properties b.json --connect',
      'milvus-sink validate sink.properties --show --set batch.max.rows=500',
    ],
    sections: {
      'Exit codes': exitCodes({
        [EXIT.stopped]: 'all is well',
        [EXIT.configuration]: 'configuration: all problems are listed',
        [EXIT.milvusRefused]: 'with --connect: Milvus refused or does not answer',
        [EXIT.kafkaRefused]: 'with --connect: Kafka refused or does not answer, or a topic is not there',
      }),
    },
  },
  healthcheck: {
    usage: ['milvus-sink healthcheck [WORKER [CONNECTOR…]] [options]'],
    description: 'Ask a running sink whether it lives, for containers. Files tell where it listens.',
    args: {
      url: {
        type: 'string',
        valueHint: 'http://host:port',
        description: "Where the sink listens (default: the files' listeners, else http://localhost:8083)",
      },
      ready: {
        type: 'boolean',
        description: 'Ask /readyz (Kafka and Milvus are there) instead of /livez (the process lives)',
      },
      ...CONFIG_ARGS,
      ...COMMON_ARGS,
    },
    examples: [
      'HEALTHCHECK CMD ["milvus-sink", "healthcheck"]',
      'milvus-sink healthcheck --ready --url http://localhost:8084',
    ],
    sections: {
      'Exit codes': exitCodes({
        [EXIT.stopped]: 'it lives, or with --ready: it is ready',
        [EXIT.configuration]: 'it does not, or it cannot be asked',
      }),
    },
  },
  version: {
    usage: ['milvus-sink version', 'milvus-sink --version'],
    description: 'Print the versions of milvus-sink, Bun and librdkafka.',
    args: COMMON_ARGS,
  },
} as const satisfies Record<Command, HelpPage>;

/** Options of all commands: what is needed to find the command among them. */
export const ALL_ARGS = { ...PAGES.validate.args, ...PAGES.healthcheck.args };

export const MAIN_PAGE = {
  usage: ['milvus-sink WORKER CONNECTOR… [options]', 'milvus-sink COMMAND [options]'],
  description: `milvus-sink takes Kafka records into Milvus or Zilliz Cloud: what Kafka Connect does with the Milvus sink
connector, from the same files, in one process without a JVM.`,
  commands: {
    run: 'the default when the arguments are files',
    validate: 'check the files; with --connect also Kafka, Milvus, and how fields will be filled',
    healthcheck: 'ask a running sink whether it lives',
    version: 'versions of milvus-sink, Bun and librdkafka',
  },
  args: {
    ...CONFIG_ARGS,
    ...COMMON_ARGS,
    version: { type: 'boolean', alias: 'v', description: 'Show the version' },
  },
  examples: [
    'milvus-sink connect-standalone.properties milvus-sink-connector.properties',
    'milvus-sink worker.properties a.properties b.json',
    'milvus-sink validate connect-standalone.properties milvus-sink-connector.properties --connect',
  ],
  sections: {
    Files: FILES,
    Secrets: SECRETS,
    'While it runs': `http://localhost:8083 (listeners) serves /livez, /readyz, /healthz and /metrics. Logs go to stderr.`,
    'Exit codes': EXIT_CODES,
    'More help': `milvus-sink COMMAND --help; all keys, metrics and limits are in README.md`,
  },
} as const satisfies HelpPage;

// --- internal ---

function exitCodes(meanings: Readonly<Record<number, string>>): string {
  return columns(
    Object.entries(meanings).map(([code, meaning]) => [code.padEnd(2), meaning.replaceAll('`', '')] as const),
    112,
  );
}
