// Query 21, channel ids: the bids whose channel has one, in a list or in the url.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';

const HOT_CHANNEL_IDS = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
]);
const ID_IN_URL = /(?:&|^)channel_id=([^&]*)/;

export default job('nexmark-q21', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, channel, url }) => ({
      auction,
      bidder,
      price,
      channel,
      channelId: HOT_CHANNEL_IDS.get(channel.toLowerCase()) ?? ID_IN_URL.exec(url)?.[1],
    }))
    .filter(({ channelId }) => channelId !== undefined)
    .to(answer(params));
});
