// Two files on two workers, one of them slow to read: how far the fast one runs ahead of it is seen where both arrive.
//
//   fast.ndjson -> worker 0 -\
//                             -> collect, in the order of arrival
//   slow.ndjson -> worker 1 -/

import { collect, job } from 'millrace';
import { ndjson } from 'millrace/connectors/ndjson';

interface Row {
  readonly pace: 'fast' | 'slow';
  readonly at: number;
}

const clock = new Int32Array(new SharedArrayBuffer(4));

export default job('two-paces', { params: { folder: '', alignMs: 0 } }, (flow, { folder, alignMs }) => {
  flow
    .from(ndjson<Row>(`${folder}/*.ndjson`))
    .peek(({ pace, at }) => {
      if (pace === 'slow' && at % 100 === 0) Atomics.wait(clock, 0, 0, 1);
    })
    .eventTime(({ at }) => at, alignMs > 0 ? { alignMs } : {})
    .to(collect('arrived'));
});
