import type { Float64Histogram } from 'hdr-histogram-js';
import type { JobMetrics, JobReport } from '../engine/metrics/job-metrics.ts';
import type { HistogramName } from '../engine/metrics/metrics-layout.ts';

/** A job that was started by run(). */
export interface JobHandle extends AsyncDisposable {
  /**
   * Resolves when the job is over and all its threads have ended: to the report, whose `outcome` says whether the input was finished, drained by
   * stop() or aborted by it. Rejects with a MillraceError when the job failed or its AbortSignal fired.
   */
  readonly completed: Promise<JobReport>;
  /** The job at this moment: per stage records, shares of time, wait, service and age. Also after the end. */
  metrics(): JobMetrics;
  /**
   * All that was counted of one latency of a stage, over its workers, in nanoseconds: a copy, as a histogram of hdr-histogram-js, for
   * percentiles that metrics() does not have, for spectra and for files of HdrHistogram. At any time, also after the end; undefined before
   * the job has been placed on its workers.
   *
   * @param stage its name, as in `metrics().stages`
   * @throws MillraceError ERR_OPTION_INVALID when the job has no such stage or latency
   * @example
   * writeFileSync('totals.hgrm', handle.histogram('totals', 'age')!.outputPercentileDistribution(5, 1e6));
   */
  histogram(stage: string, latency: HistogramName): Float64Histogram | undefined;
  /**
   * Ends the job early. `drain: true` (default): sources end where they are, what they have read is finished, results and files
   * are complete for it. `drain: false`: everything ends at once and file sinks leave nothing. Resolves when the job is over, never rejects.
   */
  stop(options?: { readonly drain?: boolean }): Promise<void>;
}
