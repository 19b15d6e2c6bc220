import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { withKeyTable } from '../../../scripts/documentation/tables.ts';
import { renderEffective } from '../../../src/config/effective.ts';
import { renderKeyTable } from '../../../src/config/key-table.ts';
import { KEY_NAMES, specOf } from '../../../src/config/keys.ts';
import { nearest } from '../../../src/config/value/suggest.ts';
import { load } from './support.ts';

describe('the table of keys', () => {
  test('documents every key once, with a default that is itself allowed', () => {
    const rows = renderKeyTable()
      .split('\n')
      .filter(line => line.startsWith('| `'));
    expect(rows.map(row => row.split('`')[1]!).sort()).toEqual([...KEY_NAMES].sort());
    for (const row of rows)
      expect(
        row
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .every(cell => cell.trim() !== ''),
      ).toBe(true);
    for (const name of KEY_NAMES) {
      const spec = specOf(name);
      if (spec.default !== undefined)
        expect([name, v.safeParse(spec.schema, spec.default).success]).toEqual([name, true]);
    }
  });

  test('is the one in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(withKeyTable(readme)).toBe(readme);
  });

  test('goes between the markers and nowhere else', () => {
    const written = withKeyTable('before\n<!-- keys:start -->\nold\n<!-- keys:end -->\nafter\n');
    expect(written).toBe(`before\n<!-- keys:start -->\n${renderKeyTable()}\n<!-- keys:end -->\nafter\n`);
    expect(() => withKeyTable('no markers')).toThrow('lacks the markers');
  });
});

test('effective settings: every key that is set, aligned, with its source', () => {
  const lines = renderEffective(load({ set: ['batch.max.rows=9'] })).split('\n');
  const line = (key: string) => lines.find(l => l.startsWith(`${key} `))?.replace(/ +/g, ' ');
  expect(line('batch.max.rows')).toBe('batch.max.rows = 9 (--set)');
  expect(line('token')).toBe('token = [hidden] (c.properties:5)');
  expect(line('max.in.flight')).toBe('max.in.flight = 4 (default)');
  expect(line('value.converter.schemas.enable')).toBe(
    'value.converter.schemas.enable = false (w.properties:4)',
  );
  expect(line('librdkafka.bootstrap.servers')).toBe(
    'librdkafka.bootstrap.servers = kafka:9092 (bootstrap.servers, w.properties:1)',
  );
  expect(new Set(lines.map(l => l.indexOf(' = '))).size).toBe(1);
});

test('the nearest name, swapped letters counting once; nothing for what is far', () => {
  const known = ['token', 'topics', 'tasks.max'];
  expect(nearest('tokne', known)).toBe('token');
  expect(nearest('task.max', known)).toBe('tasks.max');
  expect(nearest('topic', known)).toBe('topics');
  expect(nearest('completely.different', known)).toBeUndefined();
});
