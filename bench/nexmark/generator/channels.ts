// Where bids come from: four hot channels and 10 000 others, each with its url. Any thread; one table a seed and thread.
//
// nexmark/nexmark draws the urls anew in each process. Ours are drawn from a generator seeded with the channel's number, so that all workers,
// and all runs with one seed, have the same.

import { JavaRandom } from './java-random.ts';
import { TextBatch } from './text-batch.ts';

export const HOT_CHANNELS: readonly string[] = ['Google', 'Facebook', 'Baidu', 'Apple'];
export const OTHER_CHANNELS = 10_000;

/** Of ten urls so many end in a channel id. */
const WITH_ID_OF_TEN = 9;
const LONGEST_PATH = 5;
const UNDERSCORE = 0x5f;

export interface Channels {
  /** The hot ones first, then `channel-0` and so on. */
  readonly names: readonly string[];
  readonly urls: readonly string[];
}

/** The salt is that of JavaRandom.seed. */
export function channelsOf(saltHigh: number, saltLow: number): Channels {
  const random = new JavaRandom();
  const text = new TextBatch(4 * LONGEST_PATH);
  const piece = (): string => {
    text.clear();
    text.words(random, LONGEST_PATH, UNDERSCORE);
    return text.take();
  };
  const names = [...HOT_CHANNELS];
  const urls: string[] = [];
  for (let index = 0; index < HOT_CHANNELS.length + OTHER_CHANNELS; index++) {
    const other = index - HOT_CHANNELS.length;
    random.seed(index, saltHigh, saltLow);
    let url = `https://www.nexmark.com/${piece()}/${piece()}/${piece()}/item.htm?query=1`;
    if (other >= 0) {
      names.push(`channel-${other}`);
      if (random.below(10) < WITH_ID_OF_TEN) url += `&channel_id=${Math.abs(reversedBits(other))}`;
    }
    urls.push(url);
  }
  return { names, urls };
}

/** The 32 bits in the opposite order, signed, as Integer.reverse of Java. */
function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed |= ((value >>> bit) & 1) << (31 - bit);
  return reversed;
}
