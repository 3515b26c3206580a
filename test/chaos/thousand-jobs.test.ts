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
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '1000']);
  const holdings = JSON.parse(stdout) as Holding[];
  const [before] = holdings as [Holding];
  const at = (jobs: number): Holding => holdings.find((holding) => holding.jobs === jobs)!;
  for (const { resources, threads } of holdings) {
    expect(resources).toEqual([]);
    expect(threads).toBe(before.threads);
  }
  // By then every module is loaded and compiled. Eight hundred jobs that leaked a kilobyte each would show.
  expect(at(1000).heapMiB).toBeLessThan(at(200).heapMiB + 0.8);
  // Allocators keep what threads gave back, up to a plateau.
  expect(at(1000).rssMiB).toBeLessThan(at(500).rssMiB * 1.15);
}, 300_000);
