// One worker of the latency bench over postMessage: makes its half of the bids when they are due, totals those of its auctions.
//
//   due bids -- own auctions --> total -> ages            at once, without a message
//            \- the other's  --> postMessage(array) ----> the other worker: total -> ages
//
// Of what is due an array is posted at once, of up to 512 bids; while the other worker has not taken WINDOW arrays yet, bids gather, so
// arrays get longer under load. How many it has taken stands in shared memory: an answer by message would cost as much as the array.
//
// Two ways to receive. By events, as one writes it: between two looks at the clock the event loop gets its turn. By polling: the thread
// never returns to its event loop, and asks its port with receiveMessageOnPort as often as it asks the clock. That is quicker, and
// a thread that can do nothing else: no timer, no I/O, no promise.

import { isMainThread, type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { sharedNowMs } from '../harness/bench.ts';
import { AgeSink } from '../latency/ages.ts';
import { type Load, openBids, RunningTotals, type TimedBid, WORKERS, workerOf } from '../latency/load.ts';

export interface TimedPostTask {
  readonly index: number;
  readonly load: Load;
  readonly ages: SharedArrayBuffer;
  readonly polling: boolean;
  /** To the other worker, and from it. */
  readonly port: MessagePort;
  /** By worker: arrays of it that the other has taken. Behind them STOP_WORD: 1 when all shall end where they are. */
  readonly control: SharedArrayBuffer;
}

/** In words: no two of them on one pair of cache lines. */
export const CONTROL_STRIDE = 32;
export const STOP_WORD: number = WORKERS * CONTROL_STRIDE;

const BATCH = 512;
const WINDOW = 8;

type Message = readonly TimedBid[] | 'end';

class PostingWorker {
  readonly #task: TimedPostTask;
  readonly #control: Int32Array;
  readonly #totals = new RunningTotals();
  readonly #sink: AgeSink;
  readonly #reader: ReturnType<typeof openBids>;
  #staged: TimedBid[] = [];
  #posted = 0;
  #taken = 0;
  /** All own bids are made; this is said; the other has said so. */
  #made = false;
  #endPosted = false;
  #othersEnded = false;

  constructor(task: TimedPostTask) {
    this.#task = task;
    this.#control = new Int32Array(task.control);
    this.#sink = new AgeSink(task.ages, task.index, task.load.warmUpMs);
    this.#reader = openBids(task.load, task.index, sharedNowMs);
  }

  async run(): Promise<void> {
    await (this.#task.polling ? this.#runPolling() : this.#runByEvents());
    this.#sink.end(this.#totals);
  }

  #runPolling(): void {
    const { port } = this.#task;
    while (!this.#isOver()) {
      this.#make();
      for (;;) {
        const received = receiveMessageOnPort(port) as { message: Message } | undefined;
        if (received === undefined) break;
        this.#receive(received.message);
      }
    }
  }

  async #runByEvents(): Promise<void> {
    const { port } = this.#task;
    port.on('message', (message: Message) => this.#receive(message));
    while (!this.#isOver()) {
      this.#make();
      await new Promise((turn) => setImmediate(turn));
    }
    port.close();
  }

  #isOver(): boolean {
    return (this.#endPosted && this.#othersEnded) || Atomics.load(this.#control, STOP_WORD) !== 0;
  }

  #make(): void {
    const { index, port } = this.#task;
    if (!this.#made && this.#staged.length < BATCH) {
      const result = this.#reader.read(BATCH - this.#staged.length);
      if (result === 'done') this.#made = true;
      else if (result !== 'idle') {
        const own: TimedBid[] = [];
        for (const bid of result) (workerOf(bid.auction) === index ? own : this.#staged).push(bid);
        this.#total(own);
      }
    }
    if (this.#staged.length > 0) {
      if (this.#posted - Atomics.load(this.#control, index * CONTROL_STRIDE) >= WINDOW) return;
      port.postMessage(this.#staged satisfies Message);
      this.#staged = [];
      this.#posted++;
    } else if (this.#made && !this.#endPosted) {
      port.postMessage('end' satisfies Message);
      this.#endPosted = true;
    }
  }

  #receive(message: Message): void {
    if (message === 'end') {
      this.#othersEnded = true;
      return;
    }
    this.#total(message);
    Atomics.store(this.#control, (1 - this.#task.index) * CONTROL_STRIDE, ++this.#taken);
  }

  #total(bids: readonly TimedBid[]): void {
    if (bids.length > 0) this.#sink.write(bids.map((bid) => this.#totals.add(bid)));
  }
}

if (!isMainThread) await new PostingWorker(workerData as TimedPostTask).run();
