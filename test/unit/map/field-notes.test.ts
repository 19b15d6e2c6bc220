import { expect, test } from 'bun:test';
import { FieldNotes } from '../../../src/map/field-notes.ts';

test('a field is noted once, with the reason of the first time, however many tasks meet it', () => {
  const lines: string[] = [];
  const notes = new FieldNotes({ warn: line => void lines.push(line) });
  notes.warnOnce('a "b"', 'it is not there');
  notes.warnOnce('a "b"', 'another reason');
  expect(lines).toEqual(['field "a \\"b\\"": it is not there']);
});

test('names that are data do not fill the memory', () => {
  let lines = 0;
  const notes = new FieldNotes({ warn: () => void lines++ });
  for (let i = 0; i < 5000; i++) notes.warnOnce(`f${i}`, 'x');
  expect(lines).toBe(1000);
});
