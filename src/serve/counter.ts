// A counter cheap enough for every poll and request: prom-client's own sorts and joins labels at each increment, several
// microseconds where code is cold; a series here is found once and then is an addition.
import type { Sample } from './histogram.ts';

/** A counter that a prom-client registry can hold. */
export class PlainCounter {
  readonly type = 'counter';
  readonly aggregator = 'sum';
  private readonly series = new Set<CounterSeries>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  /** A further series, from 0; its labels differ from those of the others. */
  with(labels: Record<string, string>): CounterSeries {
    const one = { labels, value: 0 };
    this.series.add(one);
    return one;
  }

  remove(series: CounterSeries): void {
    this.series.delete(series);
  }

  /** Asked by the registry at each scrape. */
  async get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Sample[] }> {
    const { name, help, type, aggregator } = this;
    const values = [...this.series].map(({ labels, value }) => ({ metricName: name, labels, value }));
    return { name, help, type, aggregator, values };
  }
}

export interface CounterSeries {
  readonly labels: Record<string, string>;
  value: number;
}
