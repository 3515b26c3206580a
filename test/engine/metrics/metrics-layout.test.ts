import { describe, expect, it } from 'vitest';
import {
  allocateMetrics,
  BLOCK_BYTES,
  blockOf,
  HISTOGRAM_NAMES,
  histogramOf,
  metricsBytes,
} from '../../../engine/metrics/metrics-layout.ts';

describe('the memory of the metrics', () => {
  it('gives every stage on every worker words of its own, and uses all of them', () => {
    const buffer = allocateMetrics(3, 4);
    for (let stage = 0; stage < 3; stage++) {
      for (let worker = 0; worker < 4; worker++) blockOf(buffer, stage, worker, 4).fill(1 + stage * 4 + worker);
    }
    const all = new Float64Array(buffer);
    expect(all.includes(0)).toBe(false);
    for (let stage = 0; stage < 3; stage++) {
      for (let worker = 0; worker < 4; worker++) {
        expect(blockOf(buffer, stage, worker, 4).every((word) => word === 1 + stage * 4 + worker)).toBe(true);
      }
    }
  });

  it('keeps two workers off one pair of cache lines', () => {
    expect(BLOCK_BYTES % 128).toBe(0);
    const block = blockOf(allocateMetrics(2, 2), 1, 1, 2);
    for (const name of HISTOGRAM_NAMES) expect(histogramOf(block, name).byteOffset % 128).toBe(0);
  });

  it('keeps the histograms of a block apart, from each other and from the counters', () => {
    const block = blockOf(allocateMetrics(1, 1), 0, 0, 1);
    for (const [index, name] of HISTOGRAM_NAMES.entries()) histogramOf(block, name).fill(index + 1);
    for (const [index, name] of HISTOGRAM_NAMES.entries()) {
      expect(histogramOf(block, name).every((word) => word === index + 1)).toBe(true);
    }
    expect(block.slice(0, 32).every((word) => word === 0)).toBe(true);
  });

  it('takes about a megabyte for five stages on two workers and 17 on thirty-two', () => {
    expect(metricsBytes(5, 2)).toBe(1_112_320);
    expect(metricsBytes(5, 32)).toBe(17_797_120);
  });
});
