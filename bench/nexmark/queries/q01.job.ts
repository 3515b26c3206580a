// Query 1, currency: every bid with its price in another currency.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

const EUROS_A_DOLLAR = 0.908;

export default job('nexmark-q1', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: EUROS_A_DOLLAR * price,
      dateTime,
      extra,
    }))
    .to(answer(params));
});
