// The hopping count as a user of Millrace writes it. Shared memory for the ages comes by the environment data of the process: parameters of
// a job are numbers and strings.

import { getEnvironmentData } from 'node:worker_threads';
import { count, hopping, job, type Sink, type WindowBounds } from 'millrace';
import { timedEvents } from './hopping-load.ts';
import { type WindowAgesMemory, WindowSink } from './window-ages.ts';

/** Name of the memory in the environment data. */
export const WINDOW_AGES = 'millrace bench: window ages';

type KeyCount = WindowBounds<number> & { readonly value: number };

const params = { rate: 1000, keys: 100, sizeMs: 100, stepMs: 10, startMs: 0, warmUpMs: 0, lastMs: 1000 };

export default job('hopping-latency', { params }, (flow, load) => {
  const ages: Sink<KeyCount> = {
    name: 'ages',
    open: ({ index }) => {
      const sink = new WindowSink((getEnvironmentData(WINDOW_AGES) as unknown as WindowAgesMemory)[index]!, load);
      return {
        write: (batch) => {
          sink.batch();
          for (const { key, windowEnd, value } of batch) sink.result(key, windowEnd, value);
        },
      };
    },
  };
  flow
    .from(timedEvents(load))
    .named('events')
    .eventTime((event) => event.atMs)
    .keyBy((event) => event.key)
    .window(hopping({ sizeMs: load.sizeMs, stepMs: load.stepMs }))
    .aggregate(count())
    .named('windows')
    .to(ages);
});
