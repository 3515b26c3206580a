// One feed, the chains behind it, and their outlets: the smallest thing that a worker steps.
//
//   feed.refill() -> records[cursor..count) -> chain -> outlets
//
// A step does a bounded amount of work: at most one batch, and of slow records only as many as fit its time slice.

import type { Chain } from '../engine/operators/chain-step.ts';
import type { Feed, Outlet } from '../engine/operators/outlet.ts';
import { NO_WATERMARK, slowestOf } from '../engine/time/watermark.ts';
import type { StepClock } from './step-clock.ts';
import type { WatermarkReader } from './watermark-readers.ts';

/**
 * made      something moved
 * empty     a read brought no record, the next one may
 * none      nothing to do
 * blocked   a lane is full
 * waiting   an asynchronous call of this stage is under way
 * asleep    nothing to do until a callback on this thread brings something
 * done      never anything again
 */
export type Progress = 'made' | 'empty' | 'none' | 'blocked' | 'waiting' | 'asleep' | 'done';

export interface PipelineRecorder {
  /** Absent where the stage measures service elsewhere: at its asynchronous calls. */
  readonly service: { record(valueNs: number, count: number): void } | undefined;
  /** Tells the watchdog where this thread is. */
  readonly enter: () => void;
  /** Absent where records only pass on to another pipeline of the same stage. */
  readonly age: { record(valueNs: number, count: number): void } | undefined;
  /** Absent where event time does not enter the stage. */
  readonly watermark?: ((watermarkMs: number, nowNs: number) => void) | undefined;
}

/** An outlet that must learn how far event time has come, and who says it once the batch is processed. */
export interface Advance {
  readonly outlet: Outlet;
  readonly by: WatermarkReader;
}

/** Records that are processed in about the time that a step takes without any. */
const SHORT = 16;
/** A step that takes longer than this keeps the other actors of its worker waiting for too long. */
const SLICE_NS = 500_000;

export class Pipeline {
  readonly feed: Feed;
  readonly #chains: readonly Chain[];
  readonly outlets: readonly Outlet[];
  readonly #lateOutlets: number;
  readonly #recorder: PipelineRecorder;
  readonly #clock: StepClock;
  readonly #ended: boolean[];
  /** By outlet, the number under which it knows this pipeline. */
  readonly #inputs: readonly number[];
  readonly #advances: {
    readonly outlet: Outlet;
    readonly input: number;
    readonly by: WatermarkReader;
    lastMs: number;
  }[];
  readonly #maxSlice: number;
  #slice: number;
  #ending = false;
  done = false;

  /**
   * @param chains by port of the feed
   * @param lateOutlets end after the others: what those send at the very end may still be refused, and become a dead letter
   * @param advances empty where there is no event time
   */
  constructor(
    feed: Feed,
    chains: readonly Chain[],
    outlets: readonly Outlet[],
    lateOutlets: readonly Outlet[],
    recorder: PipelineRecorder,
    clock: StepClock,
    maxSlice: number,
    advances: readonly Advance[] = [],
  ) {
    this.feed = feed;
    this.#chains = chains;
    this.outlets = [...outlets, ...lateOutlets];
    this.#lateOutlets = lateOutlets.length;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#ended = this.outlets.map(() => false);
    this.#inputs = this.outlets.map((outlet) => outlet.addInput?.() ?? 0);
    this.#advances = advances.map(({ outlet, by }) => {
      return { outlet, input: this.#inputs[this.outlets.indexOf(outlet)]!, by, lastMs: NO_WATERMARK };
    });
    this.#maxSlice = maxSlice;
    this.#slice = Math.min(32, maxSlice);
  }

  #step(): Progress {
    if (this.done) return 'done';
    if (this.#ending) return this.#end();
    for (const outlet of this.outlets) {
      if (outlet.full && !outlet.drain()) return outlet.holdup === 'lane' ? 'blocked' : 'waiting';
    }
    const { feed } = this;
    this.#recorder.enter();
    if (feed.cursor === feed.count) {
      const refill = feed.refill();
      if (refill !== 'made') this.#advance();
      if (refill === 'none' || refill === 'empty') return refill;
      if (refill === 'asleep') return 'asleep';
      if (refill === 'wait') return 'waiting';
      if (refill === 'done') {
        this.#ending = true;
        return this.#end();
      }
      for (const outlet of this.outlets) outlet.intake(feed.intakeNs);
    }
    this.#process(feed);
    return 'made';
  }

  /**
   * A step; and after a short batch the next ones, one for each lane: alone it is hardly worth the turn, and other lanes would wait for theirs.
   * Begins at the last reading of the clock, and reads it when a batch is done.
   */
  turn(): Progress {
    const { feed } = this;
    const most = feed.lanes ?? 1;
    let made = 0;
    for (;;) {
      // At one place in the text: V8 puts all of a step into its caller, and would twice.
      const progress = this.#step();
      if (progress !== 'made') return made > 0 && progress !== 'done' ? 'made' : progress;
      if (++made >= most || feed.cursor !== feed.count || feed.count > SHORT) return progress;
    }
  }

  /** Tells the outlets how far event time has come. */
  #advance(): void {
    let hasChanged = false;
    for (const advance of this.#advances) {
      advance.by.read();
      const { watermarkMs } = advance.by;
      if (Object.is(watermarkMs, advance.lastMs)) continue;
      advance.lastMs = watermarkMs;
      advance.outlet.advance(watermarkMs, advance.input);
      hasChanged = true;
    }
    if (hasChanged) this.#recorder.watermark?.(this.#slowestMs(), this.#clock.lastNs);
  }

  #slowestMs(): number {
    const advances = this.#advances;
    return advances.length === 1 ? advances[0]!.lastMs : slowestOf(advances.map(({ lastMs }) => lastMs));
  }

  /** Sends what is staged. True when anything went out. */
  flush(): boolean {
    let sent = false;
    if (!this.done) for (const outlet of this.outlets) if (outlet.flush()) sent = true;
    return sent;
  }

  /** Sends what need not wait, when all that could be read is processed. @param isQuiet nothing of the actor's has brought anything just now */
  trickle(isQuiet: boolean): void {
    const { feed } = this;
    if ((feed.caughtUp !== true && !isQuiet) || feed.cursor !== feed.count || this.done) return;
    for (const outlet of this.outlets) outlet.trickle?.();
  }

  #process(feed: Feed): void {
    const from = feed.cursor;
    const to = Math.min(feed.count, from + this.#slice);
    feed.cursor = this.#chains[feed.port]!(feed.records, from, to, feed.times);
    if (feed.cursor === feed.count) this.#advance();
    const records = feed.cursor - from;
    const clock = this.#clock;
    const startedNs = clock.lastNs;
    clock.read();
    const nowNs = clock.lastNs;
    const tookNs = nowNs - startedNs;
    this.#recorder.service?.record(tookNs / records, records);
    this.#recorder.age?.record(Math.max(0, nowNs - feed.intakeNs), records);
    if (tookNs > SLICE_NS) this.#slice = Math.max(1, Math.floor((records * SLICE_NS) / tookNs));
    else if (records === this.#slice) this.#slice = Math.min(this.#maxSlice, this.#slice * 2);
  }

  #end(): Progress {
    let progress: Progress = 'made';
    const firstLate = this.outlets.length - this.#lateOutlets;
    for (let i = 0; i < this.outlets.length; i++) {
      if (this.#ended[i]) continue;
      if (i >= firstLate && progress !== 'made') break;
      const outlet = this.outlets[i]!;
      if (outlet.end(this.#inputs[i]!)) this.#ended[i] = true;
      else progress = outlet.holdup === 'lane' ? 'blocked' : 'waiting';
    }
    if (progress === 'made') this.done = true;
    return progress;
  }
}
