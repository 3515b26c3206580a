// A stage that is known to take twenty milliseconds a record must look like it, its neighbours must not, and whoever waits must be
// seen to wait. The three stages run on threads of their own (test/jobs/delayed.ts).

import { type JobReport, run, type StageMetrics } from 'millrace';
import { beforeAll, describe, expect, it } from 'vitest';
import { jobUrl } from '../scheduler/built-jobs.ts';

const MS = 1e6;
const DELAY_MS = 20;

const stageOf = (metrics: { stages: StageMetrics[] }, name: string): StageMetrics =>
  metrics.stages.find(({ stage }) => stage === name)!;

describe.each(['blocking', 'asynchronous'])('a stage with a %s delay of 20 ms a record', (kind) => {
  let report: JobReport;
  beforeAll(async () => {
    report = await run(jobUrl('delayed'), { workers: 3, laneBytes: 4096, params: { kind, delayMs: DELAY_MS } })
      .completed;
  });

  it('shows the 20 ms in its service, and is busy', () => {
    const slow = stageOf(report, 'slow');
    expect(slow.service.count).toBe(120);
    expect(slow.service.minNs).toBeGreaterThan((DELAY_MS - 1) * MS);
    expect(slow.service.p50Ns).toBeGreaterThan((DELAY_MS - 1) * MS);
    expect(slow.service.p50Ns).toBeLessThan((DELAY_MS + 6) * MS);
    expect(slow.busy).toBeGreaterThan(0.9);
    expect(slow.backpressured).toBeLessThan(0.05);
  });

  it('shows the queue before it in its wait, and in the fill of its lane', () => {
    const { wait, lanes } = stageOf(report, 'slow');
    // A lane of 4 KiB holds a dozen of these records: the last of them waits for the others.
    expect(wait.p50Ns).toBeGreaterThan(3 * DELAY_MS * MS);
    expect(wait.maxNs).toBeLessThan(40 * DELAY_MS * MS);
    expect(lanes.meanOccupancy).toBeGreaterThan(0.4);
  });

  it('shows backpressure in the stage before, and next to no work', () => {
    const feed = stageOf(report, 'feed');
    expect(feed.backpressured).toBeGreaterThan(0.85);
    expect(feed.service.p99Ns).toBeLessThan(MS);
  });

  it('shows nothing elsewhere', () => {
    for (const name of ['after', 'collect(ids)']) {
      const stage = stageOf(report, name);
      expect(stage.recordsIn).toBe(120);
      expect(stage.idle).toBeGreaterThan(0.85);
      expect(stage.backpressured).toBeLessThan(0.02);
      expect(stage.service.p50Ns).toBeLessThan(2 * MS);
      expect(stage.wait.p50Ns).toBeLessThan(5 * MS);
    }
  });

  it('hands each record on when it is done, not when many are', () => {
    const [slow, after] = [stageOf(report, 'slow'), stageOf(report, 'after')];
    expect(after.age.p50Ns - slow.age.p50Ns).toBeLessThan(5 * DELAY_MS * MS);
  });
});

it('metrics can be read while the job runs, and say the same as the report in the end', async () => {
  const handle = run(jobUrl('delayed'), { workers: 3, laneBytes: 4096, params: { records: 100, kind: 'blocking' } });
  const seen: number[] = [];
  let fullest = 0;
  let backpressured = 0;
  let live: StageMetrics | undefined;
  while ((live?.recordsIn ?? 0) < 90) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const metrics = handle.metrics();
    live = stageOf(metrics, 'slow');
    if (live === undefined || live.recordsIn === 0) continue;
    seen.push(live.recordsIn);
    fullest = Math.max(fullest, live.lanes.occupancy);
    backpressured = Math.max(backpressured, stageOf(metrics, 'feed').backpressured);
    expect(metrics.job).toBe('delayed');
    expect(live.busy + live.idle + live.backpressured).toBeLessThan(1.001);
    expect(metrics.progress?.total).toBe(100);
  }
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(new Set(seen).size).toBeGreaterThan(5);
  expect(fullest).toBeGreaterThan(0.4);
  expect(backpressured).toBeGreaterThan(0.5);
  const report = await handle.completed;
  expect(handle.metrics().stages).toEqual(report.stages);
  expect(report.progress).toMatchObject({ done: 100, total: 100, fraction: 1 });
});
