// Query 12, processing-time windows: the bids of each bidder that came within the same ten seconds of the clock on the wall.

import { job, type Stream, typeOf } from 'millrace';
import type { Bid } from '../model.ts';
import { answer, bids, PARAMS } from './params.ts';

const WINDOW_MS = 10_000;

export interface BidsInWindow {
  readonly bidder: number;
  readonly bids: number;
  readonly windowStart: number;
  readonly windowEnd: number;
}

export function bidsByClock(stream: Stream<Pick<Bid, 'bidder'>>): Stream<BidsInWindow> {
  return stream
    .map(({ bidder }) => ({ bidder }))
    .keyBy(({ bidder }) => bidder)
    .process({
      emits: typeOf<BidsInWindow>(),
      state: () => ({ windowStart: 0, bids: 0 }),
      onRecord({ key, state, nowMs, emit, setProcessingTimer }) {
        const windowStart = nowMs - (nowMs % WINDOW_MS);
        if (state.bids === 0 || windowStart !== state.windowStart) {
          // The clock may have passed the end of the last window before its timer had a turn.
          if (state.bids > 0) emit(windowOf(key, state));
          state.windowStart = windowStart;
          state.bids = 0;
          setProcessingTimer(windowStart + WINDOW_MS, 'end');
        }
        state.bids++;
      },
      onTimer({ key, state, emit, forget }) {
        emit(windowOf(key, state));
        forget();
      },
    });
}

function windowOf(bidder: number, { windowStart, bids }: { windowStart: number; bids: number }): BidsInWindow {
  return { bidder, bids, windowStart, windowEnd: windowStart + WINDOW_MS };
}

export default job('nexmark-q12', { params: PARAMS }, (flow, params) => {
  bidsByClock(bids(flow, params)).to(answer(params));
});
