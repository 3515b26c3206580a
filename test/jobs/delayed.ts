// Three stages on threads of their own, of which the middle one takes `delayMs` for every record: by blocking its thread, or by a call
// that takes this long (one at a time).
//
//   feed -> [lane] -> slow -> [lane] -> after -> [lane] -> collect

import { setTimeout as sleep } from 'node:timers/promises';
import { collect, job, type Stream } from 'millrace';
import { generate } from 'millrace/connectors/generate';

interface Row {
  readonly id: number;
  readonly padding: string;
}

const clock = new Int32Array(new SharedArrayBuffer(4));

export default job('delayed', { params: { records: 120, delayMs: 20, kind: 'blocking' } }, (flow, given) => {
  const fed = flow
    .from(generate(given.records, (id): Row => ({ id, padding: 'x'.repeat(200) }), { splits: 1 }))
    .named('feed')
    .parallelism(1)
    .rebalance()
    .parallelism(1);
  delayed(fed, given.kind, given.delayMs)
    .rebalance()
    .parallelism(1)
    .map((r) => r.id)
    .named('after')
    .to(collect('ids'));
});

function delayed(fed: Stream<Row>, kind: string, delayMs: number): Stream<Row> {
  if (kind === 'blocking') {
    return fed
      .map((r) => {
        Atomics.wait(clock, 0, 0, delayMs);
        return r;
      })
      .named('slow')
      .parallelism(1);
  }
  return fed
    .mapAsync((r) => sleep(delayMs, r), { concurrency: 1 })
    .named('slow')
    .parallelism(1);
}
