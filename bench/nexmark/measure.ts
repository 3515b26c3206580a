// Events per second of each query, beside what was published for Flink. Main thread.
//
// Per core means per second of processor time, of all threads of the process together: the meaning that the published figures have
// (throughput divided by the cores that were busy), and one that does not depend on what else the machine does.

import { rmSync } from 'node:fs';
import { spreadOf } from '../harness/statistics.ts';
import { figure, renderTable } from '../harness/table.ts';
import type { EventOptions } from './events-source.ts';
import { JET_EVENTS_PER_SECOND_PER_CORE, type Query } from './query-list.ts';
import { type Cluster, runQuery } from './run-query.ts';

/** Rates in events of all three kinds per second. */
export interface QueryFigures {
  readonly query: string;
  readonly eventsPerSecond: { readonly min: number; readonly median: number; readonly max: number };
  readonly eventsPerSecondPerCore: { readonly min: number; readonly median: number; readonly max: number };
  readonly flinkPerCore: readonly [number, number] | undefined;
  /** Of the median to the better of the published two. */
  readonly ratio: number | undefined;
}

export async function measureQuery(
  query: Query,
  options: EventOptions,
  cluster: Cluster,
  rounds: number,
  scratch: string,
): Promise<QueryFigures> {
  const perSecond: number[] = [];
  const perCore: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { wallMs, cpuMs } = await runQuery(query, options, cluster, query.writesFiles ? scratch : '');
    perSecond.push((options.events / wallMs) * 1e3);
    perCore.push((options.events / cpuMs) * 1e3);
    rmSync(scratch, { recursive: true, force: true });
  }
  const eventsPerSecondPerCore = spreadOf(perCore);
  return {
    query: query.name,
    eventsPerSecond: spreadOf(perSecond),
    eventsPerSecondPerCore,
    flinkPerCore: query.flink,
    ratio: query.flink === undefined ? undefined : eventsPerSecondPerCore.median / Math.max(...query.flink),
  };
}

export function renderFigures(figures: readonly QueryFigures[]): string {
  const thousands = (rate: number): string => figure(rate / 1e3);
  return renderTable(
    ['query', 'K events/s', 'K events/s per core', 'min', 'max', 'Flink, 8 cores', 'Flink, 16 cores', 'x the better'],
    figures.map(({ query, eventsPerSecond, eventsPerSecondPerCore, flinkPerCore, ratio }) => [
      query,
      thousands(eventsPerSecond.median),
      thousands(eventsPerSecondPerCore.median),
      thousands(eventsPerSecondPerCore.min),
      thousands(eventsPerSecondPerCore.max),
      flinkPerCore === undefined ? '' : thousands(flinkPerCore[0]),
      flinkPerCore === undefined ? '' : thousands(flinkPerCore[1]),
      ratio === undefined ? '' : figure(ratio),
    ]),
  );
}

export function renderBareFigures({ eventsPerSecond, eventsPerSecondPerCore: perCore }: QueryFigures): string {
  const millions = (rate: number): string => figure(rate / 1e6);
  const ratio = perCore.median / JET_EVENTS_PER_SECOND_PER_CORE;
  return renderTable(
    ['query 5, bare bids', 'M events/s', 'M events/s per core', 'min', 'max', 'Jet, 16 vCPUs, each', 'x'],
    [
      [
        'millrace',
        millions(eventsPerSecond.median),
        millions(perCore.median),
        millions(perCore.min),
        millions(perCore.max),
        millions(JET_EVENTS_PER_SECOND_PER_CORE),
        figure(ratio),
      ],
    ],
  );
}
