// What the latency benches leave behind with `--out`: for every variant, here with the stem `latency`
//
//   latency-<variant>.hgrm                ages at the sink, all rounds together: a percentile distribution, in ms
//   latency-<variant>-<stage>-wait.hgrm   and what the job's own metrics say of each stage: wait, service, age
//   latency-<variant>.hlog                the ages by intervals of the last round, and its stages as a whole, one tag for each
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

/** What a bench's files are called, and what they show. */
export interface AgeFilesOptions {
  /** Every name begins with it. */
  readonly stem: string;
  readonly title: string;
  /** The histogram of which a variant is judged; its files have no suffix. */
  readonly ages: string;
  /** The variant whose stages are drawn. */
  readonly stagesOf: string;
}

export function latencyFiles(samples: ReadonlyMap<string, readonly Sample[]>): OutputFile[] {
  const title = 'Age of a record, from when it was due to the sink';
  return ageFiles(samples, { stem: 'latency', title, ages: ALL_AGES, stagesOf: 'millrace, 50 % load' });
}

/** Of samples whose details are LatencyDetails. */
export function ageFiles(samples: ReadonlyMap<string, readonly Sample[]>, options: AgeFilesOptions): OutputFile[] {
  const files: OutputFile[] = [];
  const ages: Spectrum[] = [];
  let stages: Spectrum[] = [];
  for (const [variant, rounds] of samples) {
    const details = rounds.map((sample) => sample.details as LatencyDetails);
    const histograms = mergeRounds(details);
    const stem = `${options.stem}-${fileNameOf(variant)}`;
    for (const [name, histogram] of histograms) {
      const suffix = name === options.ages ? '' : `-${fileNameOf(name)}`;
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
    ages.push(spectrumOf(label, histograms.get(options.ages)!));
    if (variant === options.stagesOf) {
      const own = [...histograms].filter(([name]) => name !== CROSSED_AGES);
      stages = own.map(([name, histogram]) => spectrumOf(name, histogram));
    }
  }
  const plot = { title: options.title, spectra: ages };
  files.push(
    { name: `${options.stem}.svg`, text: plotSpectra(plot) },
    { name: `${options.stem}.html`, text: plotPage(plot) },
  );
  if (stages.length > 0) {
    const title = `Where the time goes: ${options.stagesOf}`;
    files.push({ name: `${options.stem}-stages.svg`, text: plotSpectra({ title, spectra: stages }) });
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
