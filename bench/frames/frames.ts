// Frames: what do a batch's columns cost beside what else turns records into bytes and back?
//
//   512 bids (2 integers, 2 doubles, 2 strings) -> bytes in shared memory -> 512 bids           one thread, one core
//
// The schema is inferred. Checked: what comes back is deep-equal to what went in. Each contestant runs alone in its process and is warm
// before the clock starts. structuredClone has no bytes to keep: it makes a copy, as postMessage does.

import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { Packr } from 'msgpackr';
import { FrameDecoder, FrameEncoder, frameMemory } from '../../engine/frame/index.ts';
import type { Bench, Scale, Variant } from '../harness/bench.ts';

interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly score: number;
  readonly channel: string;
  readonly url: string;
}

const BATCH = 512;
/** Different batches, so that nobody encodes what is in the cache only. */
const BATCHES = 16;

function bidAt(i: number): Bid {
  const x = (i * 2654435761) % 1e9;
  return {
    auction: x % 1000,
    bidder: i % 5000,
    price: (x % 10_000) / 100,
    score: Math.sqrt(x),
    channel: `channel-${x % 100}`,
    url: `https://example.com/item/${String(x % 1e6).padStart(6, '0')}`,
  };
}

/** One batch there and back. */
type RoundTrip = (batch: readonly Bid[]) => readonly Bid[];

const CONTESTANTS: Readonly<Record<string, () => RoundTrip>> = {
  millrace: () => {
    const memory = frameMemory(new SharedArrayBuffer(1 << 18));
    const encoder = new FrameEncoder();
    const decoder = new FrameDecoder();
    let learned = -1;
    // Used again, as an actor does: the records are new each time, the array is not.
    const records: Bid[] = [];
    return (batch) => {
      encoder.measure(batch, 0, batch.length);
      if (encoder.schemaVersion !== learned) {
        learned = encoder.schemaVersion;
        decoder.learn(learned, encoder.encodeSchema());
      }
      encoder.write(memory, 0);
      decoder.decode(learned, memory, 0, batch.length, records);
      return records;
    };
  },
  JSON: () => (batch) => JSON.parse(JSON.stringify(batch)) as Bid[],
  v8: () => (batch) => deserialize(serialize(batch)) as Bid[],
  msgpackr: () => {
    const packr = new Packr({ structures: [] });
    return (batch) => packr.unpack(packr.pack(batch)) as Bid[];
  },
  structuredClone: () => (batch) => structuredClone(batch),
};

const WARM_UP_MS = 400;

export const frames: Bench = {
  name: 'frames',
  summary: '512 bids to bytes and back, against JSON, v8, msgpackr and structured clone',
  measures: [{ name: 'encode + decode', unit: 'ns a record', better: 'less' }],
  baseline: 'millrace',
  variants: Object.entries(CONTESTANTS).map(
    ([name, make]): Variant => ({ name, threads: 1, run: (scale) => measure(make(), scale) }),
  ),
  comparisons: [
    { name: 'v8 / millrace', variant: 'v8', over: 'millrace', target: 10 },
    { name: 'JSON / millrace', variant: 'JSON', over: 'millrace', target: 8 },
    { name: 'msgpackr / millrace', variant: 'msgpackr', over: 'millrace', target: 5 },
    { name: 'structured clone / millrace', variant: 'structuredClone', over: 'millrace' },
  ],
  expected: () => ({ equal: true }),
};

function measure(roundTrip: RoundTrip, { quick }: Scale): Promise<Awaited<ReturnType<Variant['run']>>> {
  const made = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH }, (_, i) => bidAt(batch * BATCH + i)),
  );
  // Strings that were just concatenated are trees in V8, which no string that was read from anywhere is. All contestants get flat ones.
  const batches = JSON.parse(JSON.stringify(made)) as Bid[][];
  for (const until = performance.now() + WARM_UP_MS; performance.now() < until; )
    for (const batch of batches) roundTrip(batch);
  const forMs = quick ? 300 : 1000;
  let records = 0;
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs) {
    for (const batch of batches) records += roundTrip(batch).length;
  }
  const tookMs = performance.now() - startedMs;
  const equal = batches.every((batch) => isDeepStrictEqual(roundTrip(batch), batch));
  return Promise.resolve({ values: { 'encode + decode': (tookMs * 1e6) / records }, answer: { equal } });
}
