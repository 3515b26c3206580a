// Query 22, directories: the three directories of the url of every bid.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

export default job('nexmark-q22', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, channel, url }) => {
      const [, , , dir1, dir2, dir3] = url.split('/', 6);
      return { auction, bidder, price, channel, dir1, dir2, dir3 };
    })
    .to(answer(params));
});
