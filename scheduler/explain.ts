import { loadJob, toUrl } from '../engine/flow/load-job.ts';
import { describePlan, type PlanDescription } from '../engine/plan/describe-plan.ts';
import { plan } from '../engine/plan/planner.ts';
import { checkOptions, type RunOptions } from './run-options.ts';

/**
 * How a job would run, without running it: no source is opened and no thread started.
 *
 * @example
 * console.log((await explain(new URL('./delays.job.js', import.meta.url))).renderText());
 */
export async function explain(
  module: URL | string,
  options: Pick<RunOptions, 'workers' | 'params' | 'laneBytes' | 'preaggregate'> = {},
): Promise<PlanDescription> {
  const { workers, params, laneBytes, preaggregate } = checkOptions(options);
  const graph = (await loadJob(toUrl(module))).graph(params);
  return describePlan(graph, plan(graph, { workers, preaggregate, ...(laneBytes === undefined ? {} : { laneBytes }) }));
}
