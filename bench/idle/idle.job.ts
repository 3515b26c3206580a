// A job that has nothing to do for `quietMs`, then one record, again and again. Each record carries the time at which its source woke
// the worker; behind an exchange, on whatever worker has its key, the time that passed since is its result.

import { collect, job, type Source } from 'millrace';
import { sharedNowMs } from '../harness/bench.ts';

/** Records that are made one at a time, each after a quiet time, by whichever worker got the only split. */
function wakeUps(count: number, quietMs: number): Source<{ n: number; wokenMs: number }> {
  return {
    name: 'wake-ups',
    bounded: true,
    splits: () => [{ id: 'all' }],
    open: (_split, { wake }) => {
      let made = 0;
      let due = false;
      let wokenMs = 0;
      return {
        read: () => {
          if (made === count) return 'done';
          if (due) {
            due = false;
            return [{ n: made++, wokenMs }];
          }
          setTimeout(() => {
            due = true;
            wokenMs = sharedNowMs();
            wake();
          }, quietMs);
          return 'idle';
        },
      };
    },
  };
}

export default job('idle', { params: { wakeUps: 5, quietMs: 1000 } }, (flow, params) => {
  flow
    .from(wakeUps(params.wakeUps, params.quietMs))
    .keyBy(({ n }) => n)
    .map(({ n, wokenMs }) => ({ n, tookMs: sharedNowMs() - wokenMs }))
    .to(collect('took'));
});
