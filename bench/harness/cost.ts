// What a piece of work costs: time from the call to the answer, and processor time. In the process of one variant.

import { sharedNowMs } from './bench.ts';

/** What passes between the call of startSpending() and that of the function it returns. */
export interface Cost {
  readonly wholeMs: number;
  /** Of all threads of the process together; hardly changes when other programs take turns on the cores. */
  readonly cpuMs: number;
}

export function startSpending(): () => Cost {
  const startedMs = sharedNowMs();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wholeMs: sharedNowMs() - startedMs, cpuMs: (user + system) / 1e3 };
  };
}
