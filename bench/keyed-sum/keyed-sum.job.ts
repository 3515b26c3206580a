// The keyed sum as a user of Millrace writes it.
//
// The clock begins when the first worker makes its first record and ends when the last one emits its last key: each result carries both
// times of its worker out. That leaves out what starting threads costs, as the clock of the hand-written program does.

import { collect, count, job, sum } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { sharedNowMs } from '../harness/bench.ts';
import { bidAt, LEAST_PRICE, namedBidAt } from './bids.ts';

/** One key's result, with the times of the worker that holds it. */
export interface KeySum {
  readonly key: number | string;
  readonly bids: number;
  readonly total: number;
  readonly firstMs: number;
  readonly doneMs: number;
}

const PARAMS = { records: 1_000_000, workers: 1, stringKeys: false, preaggregate: false };

let firstMs = 0;
/** The share that this worker is in. */
let shareStart = 0;
let shareEnd = 0;

function timed<T extends object>(result: T): T & { firstMs: number; doneMs: number } {
  return { ...result, firstMs, doneMs: sharedNowMs() };
}

export default job('keyed-sum', { params: PARAMS }, (flow, { records, workers, stringKeys, preaggregate }) => {
  const share = records / workers;
  // Without a division a record, for the hand-written program has none.
  const indexInShare = (index: number): number => {
    if (index < shareStart || index >= shareEnd) enterShare(index);
    return index - shareStart;
  };
  const enterShare = (index: number): void => {
    if (firstMs === 0) firstMs = sharedNowMs();
    shareStart = index - (index % share);
    shareEnd = shareStart + share;
  };
  if (stringKeys) {
    flow
      .from(generate(records, (index) => namedBidAt(indexInShare(index))))
      .filter((bid) => bid.price >= LEAST_PRICE)
      .keyBy((bid) => bid.name)
      .aggregate({ bids: count(), total: sum((bid) => bid.price) }, { preaggregate })
      .map(timed)
      .to(collect('sums'));
  } else {
    flow
      .from(generate(records, (index) => bidAt(indexInShare(index))))
      .filter((bid) => bid.price >= LEAST_PRICE)
      .keyBy((bid) => bid.auction)
      .aggregate({ bids: count(), total: sum((bid) => bid.price) }, { preaggregate })
      .map(timed)
      .to(collect('sums'));
  }
});
