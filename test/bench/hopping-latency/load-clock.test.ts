import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sharedNowMs } from '../../../bench/harness/bench.ts';
import { loadNowMs, sharedMsOf } from '../../../bench/hopping-latency/load-clock.ts';

it('the clock of the hopping load gains a millisecond a second on the one that all threads share', async () => {
  const before = [sharedNowMs(), sharedMsOf(loadNowMs()), sharedNowMs()] as const;
  expect(before[1]).toBeGreaterThan(before[0] - 0.1);
  expect(before[1]).toBeLessThan(before[2] + 0.1);
  const [sharedMs, loadMs] = [sharedNowMs(), loadNowMs()];
  await sleep(100);
  const passedMs = sharedNowMs() - sharedMs;
  expect((loadNowMs() - loadMs) / passedMs).toBeCloseTo(1.001, 3);
});
