// Waiting for other programs to leave the machine alone. Main thread of a variant's process.
//
// Threads that never sleep share their cores with whoever else runs, in turns of some milliseconds: a single per cent of other work on
// the machine is then the 99th percentile. So a run waits for a quiet moment, and is made again when it was disturbed all the same; of
// several tries the least disturbed counts, whatever its latencies are. All of it is bounded: on a machine that is never quiet the
// bench still ends, and `others` says how much its figures are worth.

import { setTimeout as sleep } from 'node:timers/promises';
import { watchOthers } from './others-share.ts';

/** Of all cores' time: below this, others are the system's own housekeeping. */
const QUIET_SHARE = 0.03;
const LOOK_MS = 250;
const PATIENCE_MS = 3_000;
const TRIES = 2;

/** Does it until others had next to nothing of the machine meanwhile, a few times at most; then the least disturbed try is the result. */
export async function undisturbed<T extends { readonly othersShare: number }>(attempt: () => Promise<T>): Promise<T> {
  let best: T | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    await untilQuiet();
    const result = await attempt();
    if (best === undefined || result.othersShare < best.othersShare) best = result;
    if (best.othersShare <= QUIET_SHARE) break;
  }
  return best!;
}

/** At once on a quiet machine; after a while in any case. */
export async function untilQuiet(): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const othersShare = watchOthers();
    await sleep(LOOK_MS);
    if (othersShare() <= QUIET_SHARE || performance.now() - startedMs > PATIENCE_MS) return;
  }
}
