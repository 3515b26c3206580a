// The clock of the hopping load: a thousandth fast, and read without garbage. Any thread.
//
// Windows end every 10 ms, and the kernel's ticks come every few: on its clock they would meet for a whole run, or never. A daemon that runs at
// each twentieth tick took 2 ms from a worker some 50 us behind a window's end, time and again: from whoever was not done by then, and never from
// who was. By a clock that gains 10 ms in 10 s each phase between the two comes to each contestant alike.

import { sharedNowMs } from '../harness/bench.ts';

const FAST = 1 + 1e-3;
/** Of many tries, the one between whose two readings the least time passed. */
const TRIES = 100;

/** A thread's own clock starts at another zero, but making a bigint for each reading would be half of a source's garbage. */
const offsetMs = ((): number => {
  let offset = 0;
  let tightestMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES; tries++) {
    const before = sharedNowMs();
    const own = performance.now();
    const after = sharedNowMs();
    if (after - before >= tightestMs) continue;
    tightestMs = after - before;
    offset = (before + after) / 2 - own;
  }
  return offset;
})();

/** Milliseconds; the same on all threads, to within a microsecond. */
export function loadNowMs(): number {
  return (performance.now() + offsetMs) * FAST;
}

/** What `sharedNowMs` shows when this clock shows `loadMs`. */
export function sharedMsOf(loadMs: number): number {
  return loadMs / FAST;
}
