// Query 13, bounded side input: every bid with the value that a table of 10 000 rows has for its auction.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

const ROWS = 10_000;

export default job('nexmark-q13', { params: PARAMS }, (flow, params) => {
  const values = new Map(Array.from({ length: ROWS }, (_, key) => [key, `value-${key}`]));
  bids(flow, params)
    .map(({ auction, bidder, price, dateTime }) => ({
      auction,
      bidder,
      price,
      dateTime,
      value: values.get(auction % ROWS)!,
    }))
    .to(answer(params));
});
