// Query 13, bounded side input: every bid with the value that a table of 10 000 rows has for its auction.

import { broadcastJoin, job } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { answer, bids, PARAMS } from './params.ts';

const ROWS = 10_000;

export default job('nexmark-q13', { params: PARAMS }, (flow, params) => {
  const rows = flow.from(generate(ROWS, (key) => ({ key, value: `value-${key}` }), { name: 'rows' }));
  broadcastJoin(
    bids(flow, params).keyBy(({ auction }) => auction % ROWS),
    rows.keyBy(({ key }) => key),
    { select: ({ auction, bidder, price, dateTime }, { value }) => ({ auction, bidder, price, dateTime, value }) },
  ).to(answer(params));
});
