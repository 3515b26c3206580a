import type { JobMetrics, JobReport } from '../engine/metrics/job-metrics.ts';

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
   * Ends the job early. `drain: true` (default): sources end where they are, what they have read is finished, results and files
   * are complete for it. `drain: false`: everything ends at once and file sinks leave nothing. Resolves when the job is over, never rejects.
   */
  stop(options?: { readonly drain?: boolean }): Promise<void>;
}
