import { MillraceError, run } from 'millrace';
import { describe, expect, it } from 'vitest';
import { jobUrl } from './built-jobs.ts';

describe('the histograms of a job', () => {
  it('hold what its metrics summarize, for every stage and latency, also after its end', async () => {
    const handle = run(jobUrl('keyed-sum'), { workers: 2 });
    const { stages } = await handle.completed;
    expect(stages.length).toBeGreaterThan(1);
    for (const metrics of stages) {
      for (const latency of ['wait', 'service', 'age'] as const) {
        const histogram = handle.histogram(metrics.stage, latency)!;
        const summary = metrics[latency];
        expect(histogram.totalCount).toBe(summary.count);
        if (summary.count === 0) continue;
        expect(histogram.maxValue).toBe(Math.floor(summary.maxNs));
        expect(Math.min(histogram.getValueAtPercentile(99), summary.maxNs)).toBe(summary.p99Ns);
        expect(histogram.outputPercentileDistribution(5, 1e6)).toMatch(/Value +Percentile +TotalCount/);
      }
    }
  });

  it('are copies: what is recorded into one is not seen in the next', async () => {
    const handle = run(jobUrl('keyed-sum'), { workers: 1 });
    const { stages } = await handle.completed;
    const [first] = stages;
    const count = first!.service.count;
    handle.histogram(first!.stage, 'service')!.recordValue(1);
    expect(handle.histogram(first!.stage, 'service')!.totalCount).toBe(count);
  });

  it('are not there before the job is on its workers, and of no stage that it does not have', async () => {
    const handle = run(jobUrl('keyed-sum'), { workers: 1 });
    expect(handle.histogram('whatever', 'age')).toBeUndefined();
    await handle.completed;
    const failure = (ask: () => unknown): MillraceError => {
      try {
        ask();
      } catch (error) {
        if (error instanceof MillraceError) return error;
      }
      throw new Error('expected a MillraceError');
    };
    const unknownStage = failure(() => handle.histogram('whatever', 'age'));
    expect(unknownStage.code).toBe('ERR_OPTION_INVALID');
    expect(unknownStage.message).toMatch(/there is no stage 'whatever': the stages are '/);
    const { stages } = handle.metrics();
    const unknownLatency = failure(() => handle.histogram(stages[0]!.stage, 'waits' as 'wait'));
    expect(unknownLatency.message).toMatch(/there is no latency 'waits': there are wait, service, age/);
  });
});
