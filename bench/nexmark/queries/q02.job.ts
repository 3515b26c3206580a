// Query 2, selection: auction and price of the bids for some auctions.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

export default job('nexmark-q2', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .filter(({ auction }) => auction % 123 === 0)
    .map(({ auction, price }) => ({ auction, price }))
    .to(answer(params));
});
