// What other programs have of the machine while something is measured. Main thread of a variant's process.

import { cpus } from 'node:os';

/** The share of all cores' time, 0 to 1, that other processes have from this call to that of the function it returns. */
export function watchOthers(): () => number {
  const busyMs = (): number =>
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const own = process.cpuUsage();
  const [before, startedMs] = [busyMs(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(own);
    const othersMs = busyMs() - before - (user + system) / 1e3;
    // Two accounts of time, neither exact to a tick.
    return Math.max(0, othersMs / ((performance.now() - startedMs) * cpus().length));
  };
}
