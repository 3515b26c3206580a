import { HistogramLogReader } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../bench/harness/bench.ts';
import { encodeHistogram } from '../../../bench/hdr/encoding.ts';
import { latencyFiles } from '../../../bench/latency/latency-files.ts';
import { ALL_AGES, type LatencyDetails } from '../../../bench/latency/measure.ts';
import { recorded } from '../hdr/recorded.ts';
import { elementsOf } from '../plot/well-formed.ts';

function sampleOf(values: readonly number[]): Sample {
  const ages = encodeHistogram(recorded(values));
  const wait = encodeHistogram(recorded([10]));
  const interval = { name: 'totals wait', startSeconds: 0, lengthSeconds: 0.5, histogram: wait };
  const details: LatencyDetails = {
    rate: 50_000,
    startedAt: '2026-11-22T12:00:00.000Z',
    histograms: { [ALL_AGES]: ages, 'totals wait': wait },
    intervals: [interval, { ...interval, name: ALL_AGES, histogram: ages }],
  };
  return { values: {}, answer: undefined, details };
}

describe('the files of the latency bench', () => {
  const files = latencyFiles(
    new Map([
      ['millrace, 50 % load', [sampleOf([1_000, 2_000]), sampleOf([4_000])]],
      ['postMessage', [sampleOf([9_000])]],
    ]),
  );
  const textOf = (wanted: string): string => files.find(({ name }) => name === wanted)!.text;

  it('are named after variant and stage, one each', () => {
    expect(files.map(({ name }) => name).sort()).toEqual([
      'latency-millrace-50-load-totals-wait.hgrm',
      'latency-millrace-50-load.hgrm',
      'latency-millrace-50-load.hlog',
      'latency-postmessage-totals-wait.hgrm',
      'latency-postmessage.hgrm',
      'latency-postmessage.hlog',
      'latency-stages.svg',
      'latency.html',
      'latency.svg',
    ]);
  });

  it('add the rounds up in the distribution, and log the last of them', () => {
    expect(textOf('latency-millrace-50-load.hgrm')).toMatch(/Max += +0\.00[0-9]*, Total count +=\s+3\]/);
    const reader = new HistogramLogReader(textOf('latency-millrace-50-load.hlog'), 64);
    const read = [reader.nextIntervalHistogram()!, reader.nextIntervalHistogram()!];
    expect(read.map(({ tag, totalCount }) => [tag, totalCount])).toEqual([
      ['totals-wait', 1],
      ['age-of-bids', 1],
    ]);
    expect(reader.nextIntervalHistogram()).toBeNull();
  });

  it('draw every variant with its rate', () => {
    const names = elementsOf(textOf('latency.svg'))
      .filter(({ name, path }) => name === 'title' && path.at(-1) === 'polyline')
      .map(({ text }) => text);
    expect(names).toEqual(['millrace, 50 % load (50 k/s)', 'postMessage (50 k/s)']);
    expect(textOf('latency-stages.svg')).toContain('totals wait');
  });
});
