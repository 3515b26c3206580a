// A service embeds the engine and starts a job for every request: what a job took must all be given back.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../build/test/jobs/thousand-starts.js', import.meta.url));

interface Holding {
  jobs: number;
  resources: string[];
  threads: number;
  heapMiB: number;
  rssMiB: number;
}

it('a thousand jobs that finish, fail, drain and abort in one process leave no thread, no handle and no memory', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '1500']);
  const holdings = JSON.parse(stdout) as Holding[];
  const [before] = holdings as [Holding];
  const at = (jobs: number): Holding => holdings.find((holding) => holding.jobs === jobs)!;
  for (const { resources, threads } of holdings) {
    expect(resources).toEqual([]);
    expect(threads).toBe(before.threads);
  }
  // By then every module is loaded and compiled. A thousand jobs that leaked a kilobyte each would show.
  expect(at(1500).heapMiB).toBeLessThan(at(500).heapMiB + 1);
  // Allocators keep what threads gave back, up to a plateau: they come to it after 500 to 800 jobs.
  expect(at(1500).rssMiB).toBeLessThan(at(1000).rssMiB * 1.1);
}, 300_000);
