import { expect, test } from 'bun:test';
import { Health } from '../../../src/observe/health.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { WaitBoard } from '../../../src/observe/waits.ts';

test('a wait is said at once, every 30 s with its latest reason, and when it is over; ready only then', () => {
  const lines: string[] = [];
  const log = logger('json', line => lines.push(JSON.parse(line).message));
  const health = new Health();
  let now = 0;
  const board = new WaitBoard(log, health, () => now);
  const waits = board.waits();

  waits.begin('milvus', 'Milvus', 'refused');
  waits.begin('milvus', 'Milvus', 'still starting');
  expect(lines).toEqual(['waiting for Milvus: refused']);
  expect(health.get('milvus')).toEqual({ ok: false, detail: 'waiting for Milvus: still starting' });

  now = 29_999;
  board.tick();
  expect(lines).toHaveLength(1);
  now = 30_000;
  board.tick();
  board.tick();
  expect(lines.slice(1)).toEqual(['still waiting for Milvus after 30 s: still starting']);

  now = 31_000;
  waits.end('milvus', 'Milvus', 'connected');
  expect(lines.slice(2)).toEqual(['Milvus: there after 31 s']);
  expect(health.get('milvus')).toEqual({ ok: true, detail: 'connected' });
  now = 100_000;
  board.tick();
  waits.end('milvus', 'Milvus', 'connected');
  expect(lines).toHaveLength(3);
});

test('two waits of one check: it passes only when both are over', () => {
  const log = logger('json', () => {});
  const health = new Health();
  const board = new WaitBoard(log, health, () => 0);
  const waits = board.waits();
  waits.begin('kafka', 'topics', 'not there yet');
  waits.begin('kafka', 'Kafka', 'refused');
  waits.end('kafka', 'Kafka', 'connected');
  expect(health.get('kafka')).toEqual({ ok: false, detail: 'waiting for topics: not there yet' });
  expect(waits.waitingFor('Kafka')).toBe(false);
  waits.end('kafka', 'topics', 'there');
  expect(health.get('kafka')).toEqual({ ok: true, detail: 'there' });
});

test('a recurring wait is over when its cause has not shown for a while', () => {
  let now = 0;
  const lines: string[] = [];
  const log = logger('text', line => lines.push(line.slice(25).trim()));
  const health = new Health();
  const board = new WaitBoard(log, health, () => now);
  const waits = board.waits();
  for (now = 0; now <= 10_000; now += 1000) {
    waits.recurring('kafka', 'records', 'of no use', 5000);
    board.tick();
  }
  expect(health.get('kafka')).toEqual({ ok: false, detail: 'waiting for records: of no use' });
  now = 14_999;
  board.tick();
  expect(waits.waitingFor('records')).toBe(true);
  now = 15_000;
  board.tick();
  expect(waits.waitingFor('records')).toBe(false);
  expect(health.get('kafka').ok).toBe(true);
  expect(lines.filter(line => line.startsWith('WARN'))).toHaveLength(1);
});

test('what several wait for is one wait, over when none does any more', () => {
  const lines: string[] = [];
  const log = logger('json', line => lines.push(JSON.parse(line).message));
  const health = new Health();
  const board = new WaitBoard(log, health, () => 0);
  const [first, second] = [board.waits(), board.waits()];
  first.begin('milvus', 'Milvus', 'refused');
  second.begin('milvus', 'Milvus', 'refused as well');
  first.end('milvus', 'Milvus', 'there');
  expect([first.waitingFor('Milvus'), second.waitingFor('Milvus')]).toEqual([false, true]);
  expect(health.get('milvus')).toEqual({ ok: false, detail: 'waiting for Milvus: refused as well' });
  second.end('milvus', 'Milvus', 'there');
  expect(health.get('milvus').ok).toBe(true);
  expect(lines).toEqual(['waiting for Milvus: refused', 'Milvus: there after 0.0 s']);
});

function logger(format: 'json' | 'text', write: (line: string) => void) {
  return createLogger({ level: 'info', format, now: () => new Date(0), write, mask: t => t });
}
