// What a job costs while nothing flows: sources that are silent, a keyed stage that is parked on its doorbell.

import { run } from 'millrace';
import { expect, it } from 'vitest';
import { jobUrl } from '../scheduler/built-jobs.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('an idle job takes less than one percent of a core', async () => {
  await using handle = run(jobUrl('quiet'), { workers: 2 });
  while ((handle.metrics().stages.at(-1)?.recordsIn ?? 0) < 2) await sleep(20);
  await sleep(500);
  const idleBefore = handle.metrics().stages.map(({ workers }) => workers.map(({ idleMs }) => idleMs));
  const since = process.cpuUsage();
  const startedMs = performance.now();
  await sleep(5_000);
  const { user, system } = process.cpuUsage(since);
  const share = (user + system) / 1000 / (performance.now() - startedMs);
  expect(share).toBeLessThan(0.01);
  // Not dead either: its account of time goes on, as idle.
  handle.metrics().stages.forEach(({ stage, workers }, i) => {
    workers.forEach(({ idleMs }, j) => {
      expect(idleMs - idleBefore[i]![j]!, `idle time of '${stage}'`).toBeGreaterThan(4_000);
    });
  });
});
