// A reader that stops reading, or is ten times slower than its source: memory stays flat. The five-minute version is `npm run soak`.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { run } from 'millrace';
import { expect, it } from 'vitest';
import { jobUrl } from '../scheduler/built-jobs.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const rssMiB = (): number => process.memoryUsage.rss() / 2 ** 20;

it('a sink that stops reading stops the source, and nothing grows meanwhile', async () => {
  // A record a second: for the length of this test, the first batch is never done.
  await using handle = run(jobUrl('slow-sink'), { workers: 2, params: { rate: 1 } });
  const read = (): number => handle.metrics().stages[0]?.recordsIn ?? 0;
  while (read() === 0) await sleep(20);
  await sleep(3_000);
  const stopped = read();
  const before = rssMiB();
  await sleep(4_000);
  expect(read()).toBe(stopped);
  expect(rssMiB()).toBeLessThan(before * 1.1 + 5);
  const [source] = handle.metrics().stages;
  expect(source!.backpressured).toBeGreaterThan(0.8);
  // Four lanes of 256 KiB of records of 100 bytes or so, a batch in each hand.
  expect(stopped).toBeLessThan(40_000);
});

it('a sink ten times slower than its source leaves memory flat', async () => {
  const soak = fileURLToPath(new URL('../../build/test/jobs/soak.js', import.meta.url));
  // What counts here is the figures: a run this short is hardly warm.
  const { stdout } = await promisify(execFile)(process.execPath, [soak, '15']).catch(
    (error: { stdout: string }) => error,
  );
  const medians = [...stdout.matchAll(/RSS +([\d.]+) MiB/g)].map(([, mib]) => Number(mib));
  expect(medians).toHaveLength(10);
  const early = Math.max(...medians.slice(2, 5));
  const late = Math.max(...medians.slice(5));
  expect(late).toBeLessThan(early * 1.2);
  expect(Number(/source backpressured (\d+) %\n(?:PASS|FAIL)/.exec(stdout)?.[1])).toBeGreaterThan(50);
});
