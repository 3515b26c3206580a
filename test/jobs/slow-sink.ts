// A source that could do far more than its sink takes: what the job holds meanwhile must be bounded. `rate` is what one writer
// takes, in records a second; 0 is as fast as it can.

import { setTimeout as delay } from 'node:timers/promises';
import { job, type Sink } from 'millrace';
import { generate } from 'millrace/connectors/generate';

function slowSink(ratePerSecond: number): Sink<unknown> {
  return {
    name: 'slow',
    open() {
      let dueMs = performance.now();
      return {
        write(batch) {
          if (ratePerSecond === 0) return;
          dueMs = Math.max(dueMs, performance.now() - 100) + (batch.length / ratePerSecond) * 1000;
          return delay(Math.max(1, dueMs - performance.now()));
        },
      };
    },
  };
}

export default job('slow-sink', { params: { rate: 0, records: 2 ** 40 } }, (flow, { rate, records }) => {
  flow
    .from(
      generate(records, (i) => ({ id: i, key: `key ${i % 1000}`, text: 'some text of a record '.repeat(1 + (i % 5)) })),
    )
    .map((r) => ({ ...r, length: r.text.length }))
    .keyBy((r) => r.key)
    .flatMap((r) => [r])
    .to(slowSink(rate), { name: 'slow' });
});
