// Query 10, log to files: every bid, in a file of its date and minute.

import { job } from 'millrace';
import { blackHole } from 'millrace/connectors/streams';
import { bids, PARAMS } from './params.ts';
import { partitionedFiles } from './partitioned-files.ts';
import { dayOf, minuteOf } from './utc.ts';

export default job('nexmark-q10', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra }))
    .to(
      params.out === ''
        ? blackHole()
        : partitionedFiles(params.out, ({ dateTime }) => `date=${dayOf(dateTime)}/minute=${minuteOf(dateTime)}`),
    );
});
