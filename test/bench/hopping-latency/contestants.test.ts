// Both contestants give every result, whatever their speed. From the build: contestants start threads.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HOPPING_CONTESTANTS } from '../../../bench/hopping-latency/contestants.ts';
import { expectedOfHopping } from '../../../bench/hopping-latency/hopping-load.ts';
import type { measureHopping } from '../../../bench/hopping-latency/measure.ts';
import type { LatencyDetails } from '../../../bench/latency/measure.ts';

const BUILD = new URL('../../../build/bench/hopping-latency/', import.meta.url);

interface Built {
  readonly contestants: typeof HOPPING_CONTESTANTS;
  readonly measure: typeof measureHopping;
}

async function built(): Promise<Built> {
  const { HOPPING_CONTESTANTS: contestants } = await import(new URL('contestants.js', BUILD).href);
  const { measureHopping: measure } = await import(new URL('measure.js', BUILD).href);
  return { contestants, measure };
}

describe.runIf(existsSync(BUILD))('the contestants of the hopping-latency bench', () => {
  it.each(['millrace', 'hand-written'] as const)('%s: counts every window right, and is measured', async (name) => {
    const { contestants, measure } = await built();
    const load = { rate: 20_000, keys: 100, sizeMs: 200, stepMs: 10, warmUpMs: 300, lastMs: 700 };
    const { values, answer, details } = await measure(contestants[name], load);
    expect(answer).toEqual(expectedOfHopping(load));
    for (const [measured, value] of Object.entries(values)) expect(value, measured).toBeGreaterThan(0);
    expect(values['p99 age']).toBeGreaterThanOrEqual(values['p50 age']!);
    expect(values['max age']).toBeGreaterThanOrEqual(values['p99.99 age']!);
    const { histograms } = details as LatencyDetails;
    const stages = name === 'millrace' ? ['events service', 'windows age', 'windows service', 'windows wait'] : [];
    expect(Object.keys(histograms)).toEqual(
      expect.arrayContaining(['age of first results', 'age of every result', ...stages]),
    );
  });
});
