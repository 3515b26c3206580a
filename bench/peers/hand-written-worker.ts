// One thread of the hand-written keyed sum: makes its share of the bids, sends each to the thread of its key, sums what it receives.
//
//   makeBids -> staged[target] -- full --> lane (a ring of frames, one column a field) -> takeBids -> sums
//
// A frame:  bytes i32 | count i32 | prices f64[n] | auctions i32[n] | bidders i32[n] | name ends i32[n] | names, latin1
//           count -1: padding to the end of the ring; -2: nothing follows in this lane
//
// A ceiling as good as we could make it, not a proven one: whole frames are claimed at their largest size, positions are
// touched once a frame, the other side's are cached, and a thread spins before it sleeps. It knows that a name follows from its auction
// and so need not hash it, which no engine can know.

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { sharedNowMs } from '../harness/bench.ts';
import { AUCTION_NAMES, AUCTIONS, LEAST_PRICE } from '../keyed-sum/bids.ts';

export interface HandWrittenTask {
  readonly workers: number;
  readonly index: number;
  /** By receiving thread, and by sending thread. */
  readonly outbound: readonly SharedArrayBuffer[];
  readonly inbound: readonly SharedArrayBuffer[];
  readonly doorbells: SharedArrayBuffer;
  readonly share: number;
  readonly stringKeys: boolean;
}

export interface WorkerSums {
  readonly firstMs: number;
  readonly doneMs: number;
  readonly count: number;
  readonly cents: number;
  readonly keys: number;
}

interface Row {
  auction: number;
  bidder: number;
  price: number;
  name: string;
}

const LANE_BYTES = 1 << 18;
const FRAME_RECORDS = 1024;
const HEADER_BYTES = 256;
const TAIL_WORD = 0;
const HEAD_WORD = 32;
const DOORBELL_WORDS = 32;
const PADDING = -1;
const END = -2;
const LONGEST_NAME = 24;
const IDLE_SPINS = 200;
const PARK_MS = 1;

export function allocateLane(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + LANE_BYTES);
}

/** What Buffer has for latin1 beside what its types tell. */
interface Latin1Buffer extends Buffer {
  latin1Write(text: string, at: number): number;
  latin1Slice(from: number, to: number): string;
}

/** Either end of a lane. Each end moves its own position and keeps the last seen one of the other. */
class LaneEnd {
  readonly words: Int32Array;
  readonly int32: Int32Array;
  readonly float64: Float64Array;
  readonly bytes: Latin1Buffer;
  own = 0;
  seen = 0;

  constructor(sab: SharedArrayBuffer) {
    this.words = new Int32Array(sab, 0, HEADER_BYTES / 4);
    this.int32 = new Int32Array(sab, HEADER_BYTES);
    this.float64 = new Float64Array(sab, HEADER_BYTES);
    this.bytes = Buffer.from(sab, HEADER_BYTES) as Latin1Buffer;
  }
}

class Stage {
  count = 0;
  readonly rows: Row[] = new Array(FRAME_RECORDS);
}

function sumBids(task: HandWrittenTask): WorkerSums {
  const { workers, index, share, stringKeys } = task;
  const outbound = task.outbound.map((sab) => new LaneEnd(sab));
  const inbound = task.inbound.map((sab) => new LaneEnd(sab));
  const doorbells = new Int32Array(task.doorbells);
  const stages = outbound.map(() => new Stage());
  const sums = new Map<number | string, { count: number; price: number }>();
  const largestFrameBytes = 8 + FRAME_RECORDS * (8 + 4 + 4 + (stringKeys ? 4 + LONGEST_NAME : 0)) + 8;
  let made = 0;
  let endsSent = 0;
  let endsSeen = 0;

  function ring(worker: number): void {
    const word = worker * DOORBELL_WORDS;
    if (Atomics.load(doorbells, word) === 0) return;
    Atomics.store(doorbells, word, 0);
    Atomics.notify(doorbells, word);
  }

  function hasRoom(lane: LaneEnd, bytes: number): boolean {
    if (((lane.own - lane.seen) | 0) + bytes <= LANE_BYTES) return true;
    lane.seen = Atomics.load(lane.words, HEAD_WORD);
    return ((lane.own - lane.seen) | 0) + bytes <= LANE_BYTES;
  }

  function publish(lane: LaneEnd, bytes: number, receiver: number): void {
    lane.own = (lane.own + bytes) | 0;
    Atomics.store(lane.words, TAIL_WORD, lane.own);
    ring(receiver);
  }

  function writeFrame(lane: LaneEnd, at: number, rows: readonly Row[], n: number): number {
    const { int32, float64, bytes } = lane;
    const price = (at + 8) >> 3;
    const auction = (price + n) << 1;
    const bidder = auction + n;
    const ends = bidder + n;
    let size = 8 + n * 16;
    if (stringKeys) {
      let names = '';
      for (let k = 0; k < n; k++) {
        const row = rows[k]!;
        float64[price + k] = row.price;
        int32[auction + k] = row.auction;
        int32[bidder + k] = row.bidder;
        names += row.name;
        int32[ends + k] = names.length;
      }
      size += n * 4;
      size += bytes.latin1Write(names, at + size);
    } else {
      for (let k = 0; k < n; k++) {
        const row = rows[k]!;
        float64[price + k] = row.price;
        int32[auction + k] = row.auction;
        int32[bidder + k] = row.bidder;
      }
    }
    size = (size + 7) & ~7;
    int32[at >> 2] = size;
    int32[(at >> 2) + 1] = n;
    return size;
  }

  function send(target: number): boolean {
    const stage = stages[target]!;
    if (stage.count === 0) return true;
    const lane = outbound[target]!;
    let at = lane.own & (LANE_BYTES - 1);
    const padding = at + largestFrameBytes > LANE_BYTES ? LANE_BYTES - at : 0;
    if (!hasRoom(lane, padding + largestFrameBytes)) return false;
    if (padding > 0) {
      lane.int32[at >> 2] = padding;
      lane.int32[(at >> 2) + 1] = PADDING;
      at = 0;
    }
    publish(lane, padding + writeFrame(lane, at, stage.rows, stage.count), target);
    stage.count = 0;
    return true;
  }

  function sendEnd(target: number): boolean {
    const lane = outbound[target]!;
    const at = lane.own & (LANE_BYTES - 1);
    if (!hasRoom(lane, 8)) return false;
    lane.int32[at >> 2] = 8;
    lane.int32[(at >> 2) + 1] = END;
    publish(lane, 8, target);
    return true;
  }

  function threadOf(auction: number): number {
    let hash = Math.imul(auction ^ (auction >>> 16), 0x45d9f3b);
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
    return ((hash ^ (hash >>> 16)) & 255) % workers;
  }

  /** True when anything moved. */
  function makeBids(): boolean {
    if (made >= share) return finish();
    for (let target = 0; target < workers; target++) {
      if (stages[target]!.count === FRAME_RECORDS && !send(target)) return false;
    }
    const until = Math.min(share, made + FRAME_RECORDS);
    while (made < until) {
      const x = (made * 2654435761) % 1e9;
      const auction = x % AUCTIONS;
      const row = {
        auction,
        bidder: made % 5000,
        price: (x % 10_000) / 100,
        name: stringKeys ? AUCTION_NAMES[auction]! : '',
      };
      made++;
      if (row.price < LEAST_PRICE) continue;
      const target = threadOf(auction);
      const stage = stages[target]!;
      stage.rows[stage.count++] = row;
      if (stage.count === FRAME_RECORDS && !send(target)) return true;
    }
    return true;
  }

  function finish(): boolean {
    if (endsSent === workers) return false;
    for (let target = 0; target < workers; target++) if (!send(target)) return false;
    while (endsSent < workers) {
      if (!sendEnd(endsSent)) return false;
      endsSent++;
    }
    return true;
  }

  function add(row: Row): void {
    const key = stringKeys ? row.name : row.auction;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { count: 0, price: 0 };
      sums.set(key, sum);
    }
    sum.count++;
    sum.price += row.price;
  }

  function addFrame(lane: LaneEnd, at: number, n: number): void {
    const { int32, float64, bytes } = lane;
    const price = (at + 8) >> 3;
    const auction = (price + n) << 1;
    const bidder = auction + n;
    const ends = bidder + n;
    if (stringKeys) {
      const namesAt = (ends + n) << 2;
      const names = bytes.latin1Slice(namesAt, namesAt + int32[ends + n - 1]!);
      let start = 0;
      for (let k = 0; k < n; k++) {
        const end = int32[ends + k]!;
        add({
          auction: int32[auction + k]!,
          bidder: int32[bidder + k]!,
          price: float64[price + k]!,
          name: names.substring(start, end),
        });
        start = end;
      }
    } else {
      for (let k = 0; k < n; k++) {
        add({ auction: int32[auction + k]!, bidder: int32[bidder + k]!, price: float64[price + k]!, name: '' });
      }
    }
  }

  /** One frame from each lane. True when there was any. */
  function takeBids(): boolean {
    let moved = false;
    for (let from = 0; from < workers; from++) {
      const lane = inbound[from]!;
      for (;;) {
        if (lane.own === lane.seen) lane.seen = Atomics.load(lane.words, TAIL_WORD);
        if (lane.own === lane.seen) break;
        moved = true;
        const at = lane.own & (LANE_BYTES - 1);
        const n = lane.int32[(at >> 2) + 1]!;
        lane.own = (lane.own + lane.int32[at >> 2]!) | 0;
        if (n === PADDING) continue;
        if (n === END) {
          endsSeen++;
          continue;
        }
        addFrame(lane, at, n);
        Atomics.store(lane.words, HEAD_WORD, lane.own);
        ring(from);
        break;
      }
    }
    return moved;
  }

  const firstMs = sharedNowMs();
  let idle = 0;
  while (endsSeen < workers || endsSent < workers) {
    const sent = makeBids();
    const received = takeBids();
    if (sent || received) idle = 0;
    else if (++idle >= IDLE_SPINS) {
      // Announce the sleep, look once more, then sleep: no wake-up is lost.
      Atomics.store(doorbells, index * DOORBELL_WORDS, 1);
      if (!makeBids() && !takeBids()) Atomics.wait(doorbells, index * DOORBELL_WORDS, 1, PARK_MS);
      Atomics.store(doorbells, index * DOORBELL_WORDS, 0);
    }
  }
  let count = 0;
  let cents = 0;
  for (const sum of sums.values()) {
    count += sum.count;
    cents += sum.price * 100;
  }
  return { firstMs, doneMs: sharedNowMs(), count, cents, keys: sums.size };
}

if (!isMainThread) parentPort!.postMessage(sumBids(workerData as HandWrittenTask));
