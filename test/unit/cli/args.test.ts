import { describe, expect, test } from 'bun:test';
import { parseArgs } from 'citty';
import fc from 'fast-check';
import { checkArguments, chooseCommand, commandLine } from '../../../src/cli/args.ts';
import { ALL_ARGS, COMMANDS, PAGES } from '../../../src/cli/pages.ts';
import { SinkError } from '../../../src/errors.ts';

function validate(...args: string[]) {
  checkArguments('validate', args, PAGES.validate.args);
  return commandLine(
    parseArgs<typeof PAGES.validate.args>(args, PAGES.validate.args),
    args,
    PAGES.validate.args,
  );
}
const choose = (args: string[], files: string[] = []) =>
  chooseCommand(args, COMMANDS, ALL_ARGS, path => files.includes(path));

function refusal(action: () => unknown): SinkError {
  try {
    action();
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a command line', () => {
  test('has files, flags and repeated overrides in any order', () => {
    expect(
      validate('--set', 'a=1', 'w', '--connect', '--set=b=2=3', 'c', '--log-level', 'debug'),
    ).toMatchObject({
      files: ['w', 'c'],
      set: ['a=1', 'b=2=3'],
      logFormat: 'text',
      logLevel: 'debug',
      options: { connect: true },
    });
  });

  test('does not repeat the value of a setting whose --set is missing', () => {
    for (const args of [
      ['w', 'c', 'token=abc123'],
      ['token=abc123'],
      ['w', '--', 'token=abc123'],
      ['w', ' sasl.jaas.config = x abc123'],
    ]) {
      const error = refusal(() => validate(...args));
      expect([error.code, error.kind]).toEqual(['ARGUMENT_INVALID', 'configuration']);
      expect(error.message).toContain('=…');
      expect(error.message).toContain('It is secret, and arguments are not');
      expect(error.message).not.toContain('abc123');
    }
    expect(refusal(() => validate('w', 'c', 'tasks.max=2')).message).toEndWith('Write --set tasks.max=…');
    expect(refusal(() => choose(['token=abc123'])).message).not.toContain('abc123');
    expect(() => checkArguments('validate', ['a=b'], PAGES.validate.args, () => true)).not.toThrow();
  });

  test('has nothing but files after --', () => {
    expect(validate('--', '--connect', '-x')).toMatchObject({ files: ['--connect', '-x'], set: [] });
    expect(validate('--', '--connect').options.connect).toBeUndefined();
  });

  test.each([
    ['--conect', 'Did you mean --connect?'],
    ['--log-lvel=debug', 'Did you mean --log-level?'],
    ['--loglevel', 'Did you mean --log-level?'],
    ['-x', 'lists the options'],
    ['--constructor', 'lists the options'],
  ])('with %s is refused: %s', (option, fix) => {
    const error = refusal(() => validate('w', option));
    expect([error.code, error.kind]).toEqual(['ARGUMENT_UNKNOWN', 'configuration']);
    expect(error.message).toContain(fix);
  });

  test.each([
    [['--log-level', 'loud'], 'expected debug, info, warn, error; found loud'],
    [['--log-level'], 'needs a value'],
    [['--log-level='], 'needs a value'],
    [['--log-format', '--connect'], 'needs a value'],
    [['--connect=yes'], '--connect takes no value'],
    [['--set', 'lonely'], 'expected --set key=value'],
    [['--set', '=value'], 'expected --set key=value'],
    [['--set'], 'needs a value'],
  ])('with %p is refused: %s', (args, words) => {
    const error = refusal(() => validate(...args));
    expect([error.code, error.kind]).toEqual(['ARGUMENT_INVALID', 'configuration']);
    expect(error.message).toContain(words);
  });
});

describe('secrets', () => {
  const SECRET = 'hunter2-hunter2';

  test.each([
    `token=${SECRET}`,
    `token = ${SECRET}`,
    `ssl.key.password=${SECRET}`,
    `consumer.override.sasl.jaas.config=x required password="${SECRET}";`,
    `value.converter.basic.auth.user.info=a:${SECRET}`,
  ])('are refused as arguments and not repeated: --set %s', override => {
    for (const args of [['--set', override], [`--set=${override}`]]) {
      const error = refusal(() => validate('w', ...args));
      expect([error.code, error.kind]).toEqual(['ARGUMENT_SECRET', 'configuration']);
      expect(error.message).not.toContain(SECRET);
      expect(error.message).toContain('EnvVarConfigProvider');
    }
  });

  test('without their key are not repeated either', () => {
    expect(refusal(() => validate('--set', SECRET)).message).not.toContain(SECRET);
  });

  test.each([`token=\${env:MILVUS_TOKEN}`, 'token=', 'ssl.truststore.location=/ca.pem', 'name=x'])(
    'are not seen in %s',
    override => {
      expect(validate('--set', override).set).toEqual([override]);
    },
  );
});

describe('the command', () => {
  test('is the first argument that is no option', () => {
    expect(choose(['--log-level', 'debug', '--set', 'run=x', 'validate', 'w', 'run'])).toEqual({
      command: 'validate',
      rest: ['--log-level', 'debug', '--set', 'run=x', 'w', 'run'],
    });
  });

  test('is run when that is a file', () => {
    expect(choose(['--set', 'a=1', 'w', 'c'], ['w'])).toEqual({
      command: 'run',
      rest: ['--set', 'a=1', 'w', 'c'],
    });
  });

  test('is none without such an argument', () => {
    expect(choose(['--log-level', 'debug'])).toBeUndefined();
    expect(choose([])).toBeUndefined();
  });

  test.each([
    ['valdate', 'Did you mean validate?'],
    ['healtcheck', 'Did you mean healthcheck?'],
    ['missing.properties', 'expected a properties file'],
  ])('is not %s: %s', (word, words) => {
    const error = refusal(() => choose([word]));
    expect([error.code, error.kind]).toEqual(['COMMAND_UNKNOWN', 'configuration']);
    expect(error.message).toContain(`"${word}" is neither a command nor an existing file`);
    expect(error.message).toContain(words);
  });
});

test('whatever is typed is either read or refused with exit code 1', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--set', '--connect', '--show', '--log-level', '-h', '--', '-', '--=', '=', 'a=b', 'w'),
  );
  fc.assert(
    fc.property(fc.array(word), args => {
      try {
        const { files, set } = validate(...args);
        for (const file of files) expect(args).toContain(file);
        expect(set.length).toBeLessThanOrEqual(args.length);
      } catch (error) {
        expect(error).toBeInstanceOf(SinkError);
        expect((error as SinkError).kind).toBe('configuration');
      }
    }),
  );
});
