import { describe, expect, test } from 'bun:test';
import { explain, runCli } from '../../../src/cli/cli.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { COMMANDS, PAGES } from '../../../src/cli/pages.ts';
import { SinkError } from '../../../src/errors.ts';

async function run(...args: string[]) {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: text => {
      out += `${text}\n`;
    },
    err: text => {
      err += text;
    },
  });
  return { code, out, err };
}

describe('help', () => {
  test.each([['--help'], ['-h'], ['help']])(
    '%s shows commands, exit codes and where secrets go',
    async word => {
      const { code, out, err } = await run(word);
      expect([code, err]).toEqual([0, '']);
      for (const command of COMMANDS) expect(out).toContain(`\n  ${command} `);
      for (const code of Object.values(EXIT)) expect(out).toMatch(new RegExp(`^ {2}${code} +\\S`, 'm'));
      expect(out).toContain(`token=\${env:MILVUS_TOKEN}`);
      expect(out).toContain('README.md');
    },
  );

  test.each([...COMMANDS])('of %s names its options, in whatever order it is asked', async command => {
    const asked = [await run(command, '--help'), await run('--help', command), await run('help', command)];
    for (const { code, out } of asked) {
      expect(code).toBe(0);
      expect(out).toBe(asked[0]!.out);
    }
    for (const name of Object.keys(PAGES[command].args)) expect(asked[0]!.out).toContain(`--${name}`);
  });

  test('fits a terminal of 120 columns', async () => {
    for (const args of [['--help'], ...COMMANDS.map(command => [command, '--help'])]) {
      for (const line of (await run(...args)).out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    }
  });

  test('is what somebody gets who types nothing, and it is a failure', async () => {
    const { code, out, err } = await run();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('Usage:');
  });
});

describe('refusals', () => {
  test.each([
    [['valdate'], 'Did you mean validate?'],
    [['run'], 'run needs configuration files'],
    [['validate', '--show'], 'validate needs configuration files'],
    [['--log-level', 'warn'], 'run needs configuration files'],
    [['--lg-level', 'warn'], 'Did you mean --log-level?'],
    [['version', 'x'], 'version takes no files'],
    [['validate', '/nonexistent/file'], 'CONFIG_FILE at /nonexistent/file'],
    [['healthcheck', '--url', 'ftp://x'], 'expected http://host:port'],
  ])('%p: %s', async (args, words) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toStartWith('milvus-sink: ');
    expect(err).toContain(words);
    expect(err).not.toContain('    at ');
  });

  test('come as one line of JSON for whoever reads JSON', async () => {
    for (const args of [
      ['--log-format', 'json', 'run'],
      ['run', '--log-format=json'],
    ]) {
      const { err } = await run(...args);
      expect(JSON.parse(err)).toMatchObject({ level: 'error', code: 'ARGUMENT_INVALID' });
    }
  });

  test('show their stack at debug level only', async () => {
    expect((await run('run', '--log-level', 'debug')).err).toContain('    at ');
  });
});

describe('what should not have happened', () => {
  const say = (error: unknown) => {
    let text = '';
    const code = explain(
      error,
      { format: 'text', level: 'info' },
      {
        err: part => {
          text += part;
        },
      },
    );
    return { code, text };
  };

  test('ends with 70, a stack, and a request to report it', () => {
    const { code, text } = say(new TypeError('x is not a function'));
    expect(code).toBe(70);
    expect(text).toContain('Please report it');
    expect(text).toContain('TypeError: x is not a function');
    expect(text).toContain('    at ');
  });

  test('may be no error at all', () => {
    expect(say('oops')).toMatchObject({ code: 70, text: expect.stringContaining('oops') });
    expect(say(undefined)).toMatchObject({ code: 70, text: expect.stringContaining('undefined') });
  });

  test('may come as one of our own errors', () => {
    const { code, text } = say(new SinkError('INTERNAL', 'a record changed'));
    expect(code).toBe(70);
    expect(text).toContain('Please report it');
  });
});
