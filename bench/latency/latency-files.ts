// What the latency bench leaves behind with `--out`: for every variant
//
//   latency-<variant>.hgrm                ages at the sink, all rounds together: a percentile distribution, in ms
//   latency-<variant>-<stage>-wait.hgrm   and what the job's own metrics say of each stage: wait, service, age
//   latency-<variant>.hlog                the same by intervals of the last round, one tag for each
//   latency.svg, latency.html             the ages of all variants over each other
//   latency-stages.svg                    wait, service and age of Millrace's stages at 50 % load
//
// In the command's process.

import type { JsHistogram } from 'hdr-histogram-js';
import type { OutputFile, Sample } from '../harness/bench.ts';
import { decodeHistogram } from '../hdr/encoding.ts';
import { intervalLog, tagOf } from '../hdr/interval-log.ts';
import { percentileDistribution } from '../hdr/percentile-distribution.ts';
import { type Spectrum, spectrumOf } from '../plot/spectrum.ts';
import { plotPage, plotSpectra } from '../plot/svg.ts';
import { ALL_AGES, CROSSED_AGES, type LatencyDetails } from './measure.ts';

/** The variant whose stages are drawn. */
const STAGES_OF = 'millrace, 50 % load';

export function latencyFiles(samples: ReadonlyMap<string, readonly Sample[]>): OutputFile[] {
  const files: OutputFile[] = [];
  const ages: Spectrum[] = [];
  let stages: Spectrum[] = [];
  for (const [variant, rounds] of samples) {
    const details = rounds.map((sample) => sample.details as LatencyDetails);
    const histograms = mergeRounds(details);
    const stem = `latency-${fileNameOf(variant)}`;
    for (const [name, histogram] of histograms) {
      const suffix = name === ALL_AGES ? '' : `-${fileNameOf(name)}`;
      files.push({ name: `${stem}${suffix}.hgrm`, text: percentileDistribution(histogram) });
    }
    const last = details.at(-1)!;
    const intervals = last.intervals.map(({ name, histogram, ...when }) => ({
      ...when,
      tag: tagOf(name),
      histogram: decodeHistogram(histogram),
    }));
    files.push({ name: `${stem}.hlog`, text: intervalLog(new Date(last.startedAt), intervals) });
    const label = `${variant} (${Math.round(last.rate / 1e3)} k/s)`;
    ages.push(spectrumOf(label, histograms.get(ALL_AGES)!));
    if (variant === STAGES_OF) {
      const own = [...histograms].filter(([name]) => name !== CROSSED_AGES);
      stages = own.map(([name, histogram]) => spectrumOf(name, histogram));
    }
  }
  const plot = { title: 'Age of a record, from when it was due to the sink', spectra: ages };
  files.push({ name: 'latency.svg', text: plotSpectra(plot) }, { name: 'latency.html', text: plotPage(plot) });
  if (stages.length > 0) {
    const title = `Where the time goes: ${STAGES_OF}`;
    files.push({ name: 'latency-stages.svg', text: plotSpectra({ title, spectra: stages }) });
  }
  return files;
}

/** By name, the histograms of all rounds added up. */
function mergeRounds(rounds: readonly LatencyDetails[]): Map<string, JsHistogram> {
  const merged = new Map<string, JsHistogram>();
  for (const { histograms } of rounds) {
    for (const [name, encoded] of Object.entries(histograms)) {
      const histogram = decodeHistogram(encoded);
      const sum = merged.get(name);
      if (sum === undefined) merged.set(name, histogram);
      else sum.add(histogram);
    }
  }
  return merged;
}

/** Letters, digits and single hyphens. */
function fileNameOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
