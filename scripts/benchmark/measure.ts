// The measurements: catching up on a full topic, a trickle, standing idle.
import type { Client } from '../stack/client.ts';
import type { Candidate, Started } from './candidate.ts';
import { type Counting, type Counts, type Latency, startCounting } from './counting.ts';
import { ThreadWatch, type Usage, usage } from './process.ts';
import type { ThreadUse } from './threads.ts';

export interface CatchUp {
  rows: number;
  /** From the first row that the server counted to the last, rows a second. */
  rowsPerSecond: number;
  /** All CPU of the process since it was made, start-up included. */
  cpuSeconds: number;
  rowsPerCpuSecond: number;
  peakMb: number;
  /** From making the process to the first row at the server, ms. */
  firstRowMs: number;
  /** Of one core, from the first row to the last; absent when the rows came all at once. */
  cpuShare?: number;
  /** What of it is the main thread of a milvus-sink. */
  javaScriptShare?: number;
  /** CPU ms by stage, when the process tells. */
  stages?: Record<string, number>;
  /** From the first row to the last, when that was asked for. */
  threads?: ProfiledRows;
}

export interface ProfiledRows {
  rows: number;
  use: ThreadUse;
}

export interface Trickle extends Latency {
  /** Of one core, 0 to 1, while the records came. */
  cpuShare: number;
  residentMb: number;
  /** How late the producer was with one record in a hundred: if that is much, the latencies are the machine's. */
  producerLateP99Ms: number;
  /** While the records came, when that was asked for. */
  threads?: ProfiledRows;
}

export interface Setting {
  client: Client;
  brokers: string;
  /** An endpoint of the user's; unset: a counting server of our own. It must count for the first, and for latency. */
  endpoint?: string;
  /** Threads are watched. */
  profile: boolean;
}

/** A topic that was filled before. */
export interface FilledTopic {
  topic: string;
  partitions: number;
  dim: number;
  rows: number;
}

/** Runs a candidate on a topic until the server has counted every row. */
export async function catchUp(
  candidate: Candidate,
  setting: Setting,
  { topic, partitions, dim, rows }: FilledTopic,
): Promise<CatchUp> {
  const { brokers } = setting;
  const server = await startCounting(dim, setting.endpoint);
  const process = await candidate.start({ topic, partitions, brokers, endpoint: server.endpoint });
  const threads = setting.profile ? new ThreadWatch(process.pid) : undefined;
  try {
    let first: { rows: number; at: number; used: Usage } | undefined;
    const { firstRowAtMs, lastRowAtMs } = await wait(server, process, rows, counts => {
      first = { rows: counts.rows, at: performance.now(), used: usage(process.pid) };
      threads?.begin();
    });
    // Read before anything else: from here on the process only polls.
    const used = usage(process.pid);
    const elapsed = (performance.now() - first!.at) / 1000;
    const counted = rows - first!.rows;
    const use = threads?.end();
    const stages = await process.stop();
    const share = (of: 'cpuSeconds' | 'mainCpuSeconds') => (used[of] - first!.used[of]) / elapsed;
    return {
      rows,
      rowsPerSecond: rows / ((lastRowAtMs! - firstRowAtMs!) / 1000),
      cpuSeconds: used.cpuSeconds,
      rowsPerCpuSecond: rows / used.cpuSeconds,
      peakMb: used.peakMb,
      firstRowMs: firstRowAtMs! - process.at,
      ...(counted > 0 ? { cpuShare: share('cpuSeconds') } : {}),
      ...(counted > 0 && candidate.executable ? { javaScriptShare: share('mainCpuSeconds') } : {}),
      ...(stages ? { stages } : {}),
      ...(counted > 0 && use ? { threads: { rows: counted, use } } : {}),
    };
  } finally {
    threads?.stop();
    await process.stop();
    await server.stop();
  }
}

/** Latency from producing to the server's having decoded the row, at `rate` records a second. */
export async function trickle(
  candidate: Candidate,
  setting: Setting,
  topic: string,
  dim: number,
  rate: number,
  seconds: number,
): Promise<Trickle> {
  const { brokers } = setting;
  const server = await startCounting(dim, setting.endpoint, true);
  const process = await candidate.start({ topic, partitions: 1, brokers, endpoint: server.endpoint });
  const threads = setting.profile ? new ThreadWatch(process.pid) : undefined;
  const send = (first: number, length: number) =>
    setting.client.ask('trickle', { bootstrap: brokers, topic, dim, rate, first, seconds: length });
  try {
    // Past start-up: connections are made and code is compiled before anything is measured.
    await send(0, 2);
    await wait(server, process, rate * 2);
    await server.reset();
    const before = usage(process.pid);
    threads?.begin();
    const started = performance.now();
    const { lateP99Ms } = (await send(rate * 2, seconds)) as { lateP99Ms: number };
    await wait(server, process, rate * seconds);
    const after = usage(process.pid);
    const elapsed = (performance.now() - started) / 1000;
    const use = threads?.end();
    return {
      ...(await server.latency()),
      cpuShare: (after.cpuSeconds - before.cpuSeconds) / elapsed,
      residentMb: after.residentMb,
      producerLateP99Ms: lateP99Ms,
      ...(use ? { threads: { rows: rate * seconds, use } } : {}),
    };
  } finally {
    threads?.stop();
    await process.stop();
    await server.stop();
  }
}

/**
 * Resident memory on an empty topic, MB: `seconds` after the candidate says that it is ready, or after its start where
 * it says nothing.
 */
export async function idle(
  candidate: Candidate,
  setting: Setting,
  topic: string,
  dim: number,
  seconds: number,
): Promise<number> {
  const server = await startCounting(dim, setting.endpoint);
  const { brokers } = setting;
  const process = await candidate.start({ topic, partitions: 1, brokers, endpoint: server.endpoint });
  try {
    for (let tries = 0; process.http !== undefined; tries++) {
      if (process.ended()) throw new Error(`${candidate.name} ended:\n${process.log()}`);
      if (tries > 600) throw new Error(`${candidate.name} is not ready after 30 s:\n${process.log()}`);
      const ready = await fetch(`${process.http}/readyz`).catch(() => undefined);
      if (ready?.ok) break;
      await Bun.sleep(50);
    }
    await Bun.sleep(seconds * 1000);
    if (process.ended()) throw new Error(`${candidate.name} ended:\n${process.log()}`);
    return usage(process.pid).residentMb;
  } finally {
    await process.stop();
    await server.stop();
  }
}

// --- internal ---

/** Waits until the server has counted `rows`; `onFirst` is told when the first ones are seen. */
async function wait(
  server: Counting,
  process: Started,
  rows: number,
  onFirst?: (counts: Counts) => void,
): Promise<Counts> {
  let seen = 0;
  let moved = performance.now();
  for (;;) {
    const counts = await server.count();
    const now = performance.now();
    if (seen === 0 && counts.rows > 0) onFirst?.(counts);
    if (counts.rows >= rows) return counts;
    if (counts.rows > seen) {
      seen = counts.rows;
      moved = now;
    }
    if (process.ended())
      throw new Error(`the process ended after ${seen} of ${rows} rows:\n${process.log()}`);
    if (now - moved > 60_000) throw new Error(`no row for 60 s, after ${seen} of ${rows}:\n${process.log()}`);
    await Bun.sleep(20);
  }
}
