// The two-stage keyed job of the latency bench, as a user of Millrace writes it. Shared memory for the ages comes by the environment data
// of the process: parameters of a job are numbers and strings.

import { getEnvironmentData } from 'node:worker_threads';
import { job, type Sink } from 'millrace';
import { AgeSink, type AgesMemory } from './ages.ts';
import { type RunningTotal, RunningTotals, timedBids } from './load.ts';

/** Name of the memory in the environment data. */
export const AGES = 'millrace bench: ages';

export default job('latency', { params: { rate: 1000, count: 1000, warmUpMs: 0 } }, (flow, load) => {
  const totals = new RunningTotals();
  const ages: Sink<RunningTotal> = {
    name: 'ages',
    open: ({ index }) => {
      const sink = new AgeSink((getEnvironmentData(AGES) as unknown as AgesMemory)[index]!, index, load.warmUpMs);
      return { write: (batch) => sink.write(batch), prepare: () => sink.end(totals) };
    },
  };
  flow
    .from(timedBids(load))
    .named('arrivals')
    .keyBy(({ auction }) => auction)
    .map((bid) => totals.add(bid))
    .named('totals')
    .to(ages);
});
