// How many cores this process may use: the smaller of CPU affinity and cgroup quota. Main thread.
//
// os.availableParallelism() knows affinity only: under a quota of two CPUs on a 64-core host it says 64, and 64 threads on two CPUs are
// throttled together.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface AvailableWorkers {
  readonly workers: number;
  /** Why this many, for people. */
  readonly reason: string;
}

export function availableWorkers(root = '/'): AvailableWorkers {
  const cores = availableParallelism();
  const quota = cgroupQuota(root);
  if (quota === undefined || quota >= cores) return { workers: cores, reason: `${cores} cores available` };
  const workers = Math.max(1, Math.floor(quota));
  return { workers, reason: `cgroup quota of ${quota} CPUs on ${cores} cores` };
}

/** CPUs that the innermost limiting cgroup allows, from version 2 or 1; undefined without a limit. */
function cgroupQuota(root: string): number | undefined {
  const quotas = [...cgroupFolders(root)].flatMap((folder) => {
    const [limit, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
    if (limit !== undefined && period !== undefined && limit > 0 && period > 0) return [limit / period];
    const limitUs = Number(read(join(folder, 'cpu.cfs_quota_us')));
    const periodUs = Number(read(join(folder, 'cpu.cfs_period_us')));
    return limitUs > 0 && periodUs > 0 ? [limitUs / periodUs] : [];
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** The cgroup of this process and all above it: any of them may limit it. */
function* cgroupFolders(root: string): Generator<string> {
  for (const line of (read(join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    const [, controllers, path] = line.split(':');
    if (controllers === undefined || path === undefined) continue;
    if (controllers !== '' && !controllers.split(',').includes('cpu')) continue;
    const mount = join(root, 'sys/fs/cgroup', controllers === '' ? '' : controllers);
    const parts = path.split('/').filter((part) => part !== '' && part !== '..');
    for (let depth = parts.length; depth >= 0; depth--) yield join(mount, ...parts.slice(0, depth));
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
