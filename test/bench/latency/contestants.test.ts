// Every contestant does the load's work, whatever its speed. From the build: contestants start threads.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CONTESTANTS } from '../../../bench/latency/contestants.ts';
import { expectedOfLoad } from '../../../bench/latency/load.ts';
import type { LatencyDetails, runLoad, saturationOf } from '../../../bench/latency/measure.ts';

const BUILD = new URL('../../../build/bench/latency/', import.meta.url);
const NAMES = ['millrace', 'postMessage', 'postMessage, polled', 'piscina', 'load alone'] as const;

interface Built {
  readonly contestants: typeof CONTESTANTS;
  readonly runLoad: typeof runLoad;
  readonly saturationOf: typeof saturationOf;
}

async function built(): Promise<Built> {
  const { CONTESTANTS: contestants } = await import(new URL('contestants.js', BUILD).href);
  return { contestants, ...(await import(new URL('measure.js', BUILD).href)) };
}

describe.runIf(existsSync(BUILD))('the contestants of the latency bench', () => {
  it.each(NAMES)('%s: totals every bid in order, and is measured', async (name) => {
    const { contestants, runLoad } = await built();
    const load = { rate: 20_000, count: 12_000, warmUpMs: 100 };
    const { sample } = await runLoad(contestants[name], load);
    const { values, answer, details } = sample;
    expect(answer).toEqual(expectedOfLoad(load.count));
    for (const [measure, value] of Object.entries(values)) expect(value, measure).toBeGreaterThan(0);
    expect(values['p99 age']).toBeGreaterThanOrEqual(values['p50 age']!);
    expect(values['max age']).toBeGreaterThanOrEqual(values['p99.99 age']!);
    const { histograms } = details as LatencyDetails;
    const stages = name === 'millrace' ? ['arrivals service', 'totals age', 'totals service', 'totals wait'] : [];
    expect(Object.keys(histograms)).toEqual(expect.arrayContaining(['age of bids', ...stages]));
  });

  it('can be saturated, and stop where they are', async () => {
    const { contestants, saturationOf } = await built();
    for (const name of NAMES) expect(await saturationOf(contestants[name], 100)).toBeGreaterThan(20_000);
  });
});
