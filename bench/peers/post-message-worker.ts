// One worker of the keyed sum over postMessage. Bids for itself it adds at once, without posting them.
//
// postMessage has no backpressure: each receiver answers, and a sender keeps at most WINDOW arrays unanswered at each.

import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { sharedNowMs } from '../harness/bench.ts';
import { type Bid, LEAST_PRICE, type NamedBid } from '../keyed-sum/bids.ts';
import { KeySums, keyOf, makerOf, type PartialSums } from './key-sums.ts';

export interface PostTask {
  readonly index: number;
  readonly workers: number;
  readonly share: number;
  readonly stringKeys: boolean;
  /** By worker; none to itself. */
  readonly ports: readonly (MessagePort | undefined)[];
}

export interface PostReport {
  readonly firstMs: number;
  readonly doneMs: number;
  readonly partial: PartialSums;
}

type Message = { readonly bids: readonly (Bid | NamedBid)[] } | 'taken' | 'end';

const BATCH = 512;
const WINDOW = 16;

function sumShare({ index, workers, share, stringKeys, ports }: PostTask): Promise<PostReport> {
  return new Promise((resolve) => {
    const firstMs = sharedNowMs();
    const sums = new KeySums();
    const bidOf = makerOf(stringKeys);
    const staged: (Bid | NamedBid)[][] = Array.from({ length: workers }, () => []);
    const unanswered = new Array<number>(workers).fill(0);
    let made = 0;
    let endsSent = false;
    let endsLeft = workers - 1;

    const post = (to: number): void => {
      ports[to]!.postMessage({ bids: staged[to]! } satisfies Message);
      staged[to] = [];
      unanswered[to]!++;
    };
    /** Until a receiver is behind; goes on when it answers. */
    const make = (): void => {
      while (made < share) {
        if (unanswered.some((count) => count >= WINDOW)) return;
        for (const until = Math.min(share, made + BATCH); made < until; made++) {
          const bid = bidOf(made);
          if (bid.price < LEAST_PRICE) continue;
          const to = workerOf(bid.auction);
          if (to === index) sums.add(keyOf(bid), bid.price);
          else if (staged[to]!.push(bid) === BATCH) post(to);
        }
      }
      if (endsSent) return;
      endsSent = true;
      ports.forEach((port, to) => {
        if (staged[to]!.length > 0) post(to);
        port?.postMessage('end' satisfies Message);
      });
      finish();
    };
    const finish = (): void => {
      if (!endsSent || endsLeft > 0) return;
      for (const port of ports) port?.unref();
      resolve({ firstMs, doneMs: sharedNowMs(), partial: sums.toPartial() });
    };
    const workerOf = (auction: number): number => (Math.imul(auction, 0x9e3779b1) >>> 16) % workers;

    ports.forEach((port, from) => {
      port?.on('message', (message: Message) => {
        if (message === 'taken') {
          unanswered[from]!--;
          make();
        } else if (message === 'end') {
          endsLeft--;
          finish();
        } else {
          for (const bid of message.bids) sums.add(keyOf(bid), bid.price);
          port.postMessage('taken' satisfies Message);
        }
      });
    });
    make();
  });
}

if (!isMainThread) sumShare(workerData as PostTask).then((report) => parentPort!.postMessage(report));
