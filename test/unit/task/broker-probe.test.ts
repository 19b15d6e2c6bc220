import { expect, test } from 'bun:test';
import { BrokerProbe } from '../../../src/task/broker-probe.ts';

/** Probes a Kafka that answers in this way; what is reported, in its order. */
function probe(answers: Array<boolean | 'stop'>) {
  const reports: string[] = [];
  const over = Promise.withResolvers<void>();
  let stopped = false;
  const made = new BrokerProbe({
    consumer: () => ({
      reachable: async () => {
        let answer = answers.shift();
        if (answer === 'stop') {
          stopped = true;
          answer = false;
        }
        if (answers.length === 0) over.resolve();
        return answer ?? true;
      },
    }),
    away: reason => reports.push(`away: ${reason}`),
    answered: () => reports.push('answered'),
    pause: async () => {
      reports.push('pause');
    },
    stopped: () => stopped,
  });
  return { probe: made, reports, over: over.promise.then(() => Bun.sleep(0)) };
}

test('one broker’s trouble is none of Kafka’s while another one answers', async () => {
  const { probe: p, reports, over } = probe([true]);
  expect(p.start('one is down')).toBe(true);
  await over;
  expect(reports).toEqual(['answered']);
});

test('when none answers it asks until one does, once for all occasions, and then anew', async () => {
  const { probe: p, reports, over } = probe([false, false, true]);
  expect(p.start('all are down')).toBe(true);
  expect(p.start('another word of it')).toBe(false);
  await over;
  expect(reports).toEqual(['away: all are down', 'pause', 'away: all are down', 'pause', 'answered']);
  expect(p.start('again')).toBe(true);
});

test('a stop ends it', async () => {
  const { probe: p, reports, over } = probe([false, 'stop']);
  p.start('down');
  await over;
  expect(reports).toEqual(['away: down', 'pause', 'away: down', 'pause']);
});

test('before a broker has ever answered there is nobody to ask', () => {
  const reports: string[] = [];
  const p = new BrokerProbe({
    consumer: () => undefined,
    away: reason => reports.push(reason),
    answered: () => reports.push('answered'),
    pause: async () => {},
    stopped: () => false,
  });
  expect(p.start('down')).toBe(false);
  expect(reports).toEqual([]);
});
