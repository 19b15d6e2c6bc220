import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCurrent } from '../../../../scripts/building/current.ts';

const directory = mkdtempSync(join(tmpdir(), 'milvus-sink-current-'));
const at = (name: string) => join(directory, name);
afterAll(() => rmSync(directory, { recursive: true }));

/** An executable of second 1000, and sources that are older. */
function tree() {
  rmSync(at('src'), { recursive: true, force: true });
  mkdirSync(at('src/deep'), { recursive: true });
  for (const file of ['src/deep/a.ts', 'src/deep/b.ts', 'lock.json', 'executable'])
    writeFileSync(at(file), '');
  for (const path of ['src/deep/a.ts', 'src/deep/b.ts', 'src/deep', 'src', 'lock.json']) {
    utimesSync(at(path), 900, 900);
  }
  utimesSync(at('executable'), 1000, 1000);
}

const current = () => isCurrent(at('executable'), [at('src'), at('lock.json')]);

test('an executable is current until a source is newer, wherever it lies', () => {
  tree();
  expect(current()).toBe(true);
  utimesSync(at('src/deep/a.ts'), 1001, 1001);
  expect(current()).toBe(false);
  tree();
  utimesSync(at('lock.json'), 1001, 1001);
  expect(current()).toBe(false);
});

test('a file that was deleted since makes it old', () => {
  tree();
  rmSync(at('src/deep/b.ts'));
  expect(current()).toBe(false);
});

test('one that is not there is not current', () => {
  tree();
  rmSync(at('executable'));
  expect(current()).toBe(false);
});
