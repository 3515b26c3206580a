// Query 0, pass through: every bid, unchanged.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

export default job('nexmark-q0', { params: PARAMS }, (flow, params) => {
  bids(flow, params).to(answer(params));
});
