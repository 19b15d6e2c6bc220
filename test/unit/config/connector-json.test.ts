import { describe, expect, test } from 'bun:test';
import { parseFile } from '../../../src/config/properties.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('a connector as JSON', () => {
  const read = (value: string) => parseFile('c.json', utf8(value));

  test('with name and config, values of any plain type, each with its line', () => {
    const file = read(
      '{"name": "s",\n "config": {\n  "tasks.max": 2,\n  "http.enabled": true,\n  "topics": "t"}}',
    );
    expect(file.problems).toEqual([]);
    expect(file.settings.map(s => [s.key, s.value, s.source])).toEqual([
      ['name', 's', 'c.json:1'],
      ['tasks.max', '2', 'c.json:3'],
      ['http.enabled', 'true', 'c.json:4'],
      ['topics', 't', 'c.json:5'],
    ]);
  });

  test('as a flat map, known by its first character under any name', () => {
    const file = parseFile('connector', utf8(' {"name": "s"}'));
    expect(file.settings.map(s => [s.key, s.value])).toEqual([['name', 's']]);
  });

  test('what is no such map is a problem that quotes nothing of the file', () => {
    for (const text of ['{"token": "abcdefgh', '["abcdefgh"]', '"abcdefgh"', '{"token": ["abcdefgh"]}']) {
      const file = read(text);
      expect(file.problems).toHaveLength(1);
      expect(JSON.stringify(file.problems)).not.toContain('abcdefgh');
    }
  });

  test('what stands beside name and config is no setting: it is told, or refused where it means something', () => {
    const beside = (members: string) =>
      read(`{"name": 7,\n${members},\n"config": {"topics": "t", "name": null}}`);
    expect(beside('"initial_state": "running"')).toMatchObject({ problems: [], warnings: [] });
    expect(beside('"initial_state": "running"').settings.map(s => [s.key, s.value])).toEqual([
      ['name', '7'],
      ['topics', 't'],
    ]);
    expect(beside('"tasks": []').warnings).toEqual([
      'unknown key tasks (c.json:2) has no effect beside config',
    ]);
    expect(beside('"initial_state": "PAUSED"').problems).toEqual([
      {
        where: 'c.json:2',
        key: 'initial_state',
        problem: 'not in this release (a connector that does not start)',
        expected: 'RUNNING, or no such key',
        found: 'PAUSED',
      },
    ]);
    expect(beside('"initial_state": {}').problems[0]!.problem).toBe('bad value');
  });

  test('a name that contradicts the config is a problem', () => {
    expect(read('{"name": "a", "config": {"name": "b"}}').problems.map(p => p.key)).toEqual(['name']);
  });

  test('a syntax error has its line and column, what could stand there and what does', () => {
    const SHAPE = '{"name": …, "config": {key: value, …}} or {key: value, …}';
    const errors: [text: string, where: string, expected: string, found: string][] = [
      ['{"name": "s"\n "topics": "t"}', '2:2', '"," or "}"', 'a double quote'],
      ['{"name": "s",\r\n}\n', '2:1', 'a field name in double quotes', '"}"'],
      ['{"config": {\n  "topics": "t"\n}\n\n', '3:2', '"," or "}"', 'the end of the text'],
      ["{'name': 's'}", '1:2', 'a field name in double quotes or "}"', `"'"`],
      ['\uFEFF{"tasks.max": None}', '1:15', 'a value', 'the word None'],
      ['\nnull of abcdefgh', '2:6', SHAPE, 'a letter'],
    ];
    for (const [text, where, expected, found] of errors) {
      expect(read(text).problems).toEqual([
        { where: `c.json:${where}`, problem: 'not valid JSON', expected, found },
      ]);
    }
    for (const text of ['name=s\n', '\n# a comment\nname=s\n', 'connector.class : MilvusSink\n']) {
      expect(read(text).problems).toMatchObject([
        { expected: SHAPE, found: 'properties', fix: 'Give the file a name that ends in .properties' },
      ]);
    }
    for (const text of ['', ' \n']) {
      expect(read(text).problems).toEqual([{ where: 'c.json', problem: 'is empty', expected: SHAPE }]);
    }
  });

  test('of duplicate keys the last one wins, with both lines in a warning', () => {
    const file = read(`{"name": "a", "config":
{"topics": "t\\"\\\\", "token": "abcdefgh",
 "nested": {"token": "x"}, "list": [{"token": "x"}, ":"],
 "to\\u006ben":
 "ijklmnop"}, "name": "b"}`);
    expect(file.warnings).toEqual([
      'name is set twice, at c.json:1 and c.json:5: the last one wins',
      'token is set twice, at c.json:2 and c.json:4: the last one wins',
    ]);
    expect(file.settings.map(s => [s.key, s.value, s.source])).toEqual([
      ['name', 'b', 'c.json:5'],
      ['topics', 't"\\', 'c.json:2'],
      ['token', 'ijklmnop', 'c.json:4'],
    ]);
    expect(read('{"config": {"a": 1, "a": 2},\n"config": {"a": 3}}').warnings).toEqual([
      'config is set twice, at c.json:1 and c.json:2: the last one wins',
    ]);
    expect(read('{"a": 1,\n"a": null}').warnings).toHaveLength(1);
  });

  test('a value may be very long', () => {
    const value = '\\"x'.repeat(500_000);
    expect(read(`{"a": "${value}",\n"b": 1}`).settings.map(s => s.source)).toEqual(['c.json:1', 'c.json:2']);
  });

  test('a key that stands as a value, too, has its own line', () => {
    const file = read('{"name": "topics",\n"a:": "topics\\": ",\n"__proto__": "x", "topics": "t"}');
    expect(file.settings.map(s => [s.key, s.source])).toEqual([
      ['name', 'c.json:1'],
      ['a:', 'c.json:2'],
      ['__proto__', 'c.json:3'],
      ['topics', 'c.json:3'],
    ]);
  });
});
