import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions, UsageError } from '../../../scripts/benchmark/options.ts';
import { ROOT } from '../../../scripts/native/toolchain.ts';

const SCRIPTS = join(ROOT, 'scripts');
const files = readdirSync(SCRIPTS, { withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => entry.name);
const doors = files.filter(name => !name.includes('.'));

function help(door: string): string {
  // From elsewhere: a door finds the repository by its own path.
  const { exitCode, stdout } = Bun.spawnSync([join(SCRIPTS, door), '--help'], { cwd: '/' });
  expect(exitCode).toBe(0);
  return stdout.toString();
}

test('what lies in scripts/ itself are doors and their common head', () => {
  expect(files.filter(name => name.includes('.'))).toEqual(['door.sh']);
  expect(doors).not.toBeEmpty();
});

test.each(doors)('scripts/%s is a door: the common head, set-up, and off to its folder', door => {
  const path = join(SCRIPTS, door);
  expect(statSync(path).mode & 0o111).not.toBe(0);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines[0]).toBe('#!/bin/bash');
  expect(lines).toContain('. "$(dirname "$0")/door.sh"');
  expect(lines.at(-1)).toMatch(/^exec .*\bscripts\/[a-z]+\//);
});

test.each(doors)('scripts/%s --help is its opening comment, and starts nothing', door => {
  expect(help(door)).toContain(`scripts/${door}`);
  expect(help(door)).not.toContain('#!');
});

test('every option that the help of scripts/bench names is one', () => {
  const [, options] = /scripts\/bench \[options\]\n(.*?)\n {2}scripts/s.exec(help('bench'))!;
  const names = [...options!.matchAll(/^ {4}(--[a-z0-9-]+)( [A-Z]+)?/gm)];
  expect(names).not.toBeEmpty();
  for (const [, name, value] of names) {
    const refusal = refusalOf(value === undefined ? [name!] : [name!, '1']);
    expect(refusal).not.toContain('Unknown option');
    expect(refusal).not.toContain('does not take');
  }
});

function refusalOf(argv: string[]): string {
  try {
    readOptions(argv);
    return '';
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
