// How V8 collects young objects in a process that is the command's own. Main thread.
//
// By default helper threads take part, and the thread that collects waits until each helper that began has ended. Where workers take all cores a
// helper has to wait for one of them: a pause of 0.4 ms becomes one of 5. Each thread by itself: p99.99 of the hopping-latency bench 4.1 - 6.2 ms
// instead of 8.7 - 9.5 (two workers on two cores, three runs each in turn), Nexmark's queries 4, 5, 9, 18 and 20 as fast or 5 % faster.
// A service decides for itself: `run()` changes nothing of the process that calls it (docs/guide-latency.md).

import { availableParallelism } from 'node:os';

/** @param workers undefined for as many as there are cores */
export function collectWithoutHelpers(workers: number | undefined, setV8Flag: (flag: string) => void): void {
  // V8 asks for the flag at each collection, on whichever thread: it may be set late.
  if (workers === undefined || workers >= availableParallelism()) setV8Flag('--no-parallel-scavenge');
}
