// Query 14, calculation: bids of a middling price, by the time of day, with the number of times that 'c' stands in their text.

import { job } from 'millrace';
import { answer, bids, PARAMS } from './params.ts';
import { hourOf } from './utc.ts';

function timeOfDay(hour: number): string {
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

export default job('nexmark-q14', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .filter(({ price }) => 0.908 * price > 1_000_000 && 0.908 * price < 50_000_000)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: 0.908 * price,
      bidTimeType: timeOfDay(hourOf(dateTime)),
      dateTime,
      extra,
      cCount: countOf('c', extra),
    }))
    .to(answer(params));
});
