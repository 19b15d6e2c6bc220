// The measurements: catching up on a full topic, a trickle, standing idle.
import type { Client } from '../stack/client.ts';
import type { Candidate, Started } from './candidate.ts';
import { type Counting, type Counts, startCounting } from './counting.ts';
import { usage } from './process.ts';

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
  /** CPU ms by stage, when the process tells. */
  profile?: Record<string, number>;
}

export interface Trickle {
  p50Ms: number;
  p99Ms: number;
  /** Of one core, 0 to 1, while the records came. */
  cpuShare: number;
  residentMb: number;
}

export interface Setting {
  client: Client;
  brokers: string;
  /** An endpoint of the user's; unset: a counting server of our own. It must count for the first, and for latency. */
  endpoint?: string;
}

/** Runs a candidate on a topic that was filled before, until the server has counted every row. */
export async function catchUp(
  candidate: Candidate,
  setting: Setting,
  topic: string,
  dim: number,
  rows: number,
): Promise<CatchUp> {
  const server = await startCounting(dim, setting.endpoint);
  const process = await candidate.start(topic, setting.brokers, server.endpoint);
  try {
    const { firstRowAtMs, lastRowAtMs } = await wait(server, process, rows);
    // Read before anything else: from here on the process only polls.
    const used = usage(process.pid);
    const profile = await process.stop();
    return {
      rows,
      rowsPerSecond: rows / ((lastRowAtMs! - firstRowAtMs!) / 1000),
      cpuSeconds: used.cpuSeconds,
      rowsPerCpuSecond: rows / used.cpuSeconds,
      peakMb: used.peakMb,
      firstRowMs: firstRowAtMs! - process.at,
      ...(profile ? { profile } : {}),
    };
  } finally {
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
  const server = await startCounting(dim, setting.endpoint, true);
  const process = await candidate.start(topic, setting.brokers, server.endpoint);
  const send = (first: number, length: number) =>
    setting.client.ask('trickle', { bootstrap: setting.brokers, topic, dim, rate, first, seconds: length });
  try {
    // Past start-up: connections are made and code is compiled before anything is measured.
    await send(0, 2);
    await wait(server, process, rate * 2);
    await server.reset();
    const before = usage(process.pid);
    const started = performance.now();
    await send(rate * 2, seconds);
    await wait(server, process, rate * seconds);
    const after = usage(process.pid);
    const elapsed = (performance.now() - started) / 1000;
    const { p50Ms, p99Ms } = await server.latency();
    return {
      ...{ p50Ms, p99Ms },
      cpuShare: (after.cpuSeconds - before.cpuSeconds) / elapsed,
      residentMb: after.residentMb,
    };
  } finally {
    await process.stop();
    await server.stop();
  }
}

/** Resident memory on an empty topic, `seconds` after the sink says that it is ready, MB. */
export async function idle(
  candidate: Candidate,
  setting: Setting,
  topic: string,
  dim: number,
  seconds: number,
): Promise<number> {
  const server = await startCounting(dim, setting.endpoint);
  const process = await candidate.start(topic, setting.brokers, server.endpoint);
  try {
    for (let tries = 0; ; tries++) {
      if (process.ended()) throw new Error(`${candidate.name} ended:\n${process.log()}`);
      if (tries > 600) throw new Error(`${candidate.name} is not ready after 30 s:\n${process.log()}`);
      const ready = await fetch(`${process.http}/readyz`).catch(() => undefined);
      if (ready?.ok) break;
      await Bun.sleep(50);
    }
    await Bun.sleep(seconds * 1000);
    return usage(process.pid).residentMb;
  } finally {
    await process.stop();
    await server.stop();
  }
}

// --- internal ---

/** Waits until the server has counted `rows`. */
async function wait(server: Counting, process: Started, rows: number): Promise<Counts> {
  let seen = 0;
  let moved = performance.now();
  for (;;) {
    const counts = await server.count();
    const now = performance.now();
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
