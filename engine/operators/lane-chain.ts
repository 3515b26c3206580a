// Takes frames that are still in their lane through the steps of a chain. On the thread of the receiving actor.
//
//   whole frame, no outlet that could fill up in between  ->  one loop over its columns, compiled for their schema (FrameChain)
//   else                                                  ->  records decoded, frame given back, the ordinary loop over records
//
// The first way never builds a record of which the steps only read fields: a numeric keyed sum on
// one worker took 98 ns of processor time a record instead of 121 (medians of five interleaved runs, source included). It is taken once a schema has shown that it stays. The second takes over wherever the first had to stop.

import type { LaneReader } from '../lane/lane-reader.ts';
import { canGenerateCode, compileChain, compileFrameChain, type FrameChain } from './chain-compiler.ts';
import { type Chain, type ChainHead, type ChainStep, type OnThrow, outletsOf } from './chain-step.ts';

/** A batch that may still be a frame in its lane. */
export interface HeldFrame {
  readonly count: number;
  /** Of the records, once decoded. */
  readonly times: readonly number[];
  readonly held: LaneReader | undefined;
  /** Turns it into records, and gives the frame back. */
  decode(): void;
  /** Gives the frame back: all its records are done. */
  release(): void;
}

/** Frames of one schema before its loop is compiled, so that schemas which come and go are not. Chosen, not measured. */
const COMPILE_AFTER_FRAMES = 4;
/** Loops kept; more schemas than this come only from records that change for ever, and those are decoded. */
const MOST_LOOPS = 16;

/** @param head a batch, with event times or without */
export function laneChain(frame: HeldFrame, head: ChainHead, steps: readonly ChainStep[], onThrow: OnThrow): Chain {
  const overRecords = compileChain(head, steps, onThrow);
  const loops = new FrameLoops(head, steps, onThrow);
  const wholeFrames = canGenerateCode && outletsOf(steps).size === 0;
  return (records, from, to) => {
    const { held } = frame;
    if (held === undefined) return overRecords(records, from, to, frame.times);
    // Fewer than all: user functions are so slow that the pipeline takes the frame in slices.
    const loop = wholeFrames && to === frame.count ? loops.loopFor(held) : undefined;
    if (loop === undefined) {
      frame.decode();
      return overRecords(records, from, to, frame.times);
    }
    const done = loop(held.memory, held.at, to, held.timesAt, held.dictionaries);
    if (done < to) frame.decode();
    else frame.release();
    return done;
  };
}

interface Loop {
  frames: number;
  chain: FrameChain | undefined;
}

/** The loops by schema: the lanes of one edge announce the same schema each for itself. */
class FrameLoops {
  readonly #head: ChainHead;
  readonly #steps: readonly ChainStep[];
  readonly #onThrow: OnThrow;
  readonly #bySchema = new Map<string, Loop>();
  /** What was looked up last for each lane. */
  readonly #byLane = new Map<LaneReader, { readonly version: number; readonly loop: Loop }>();

  constructor(head: ChainHead, steps: readonly ChainStep[], onThrow: OnThrow) {
    this.#head = head;
    this.#steps = steps;
    this.#onThrow = onThrow;
  }

  /** Undefined as long as the schema of the held frame is new. */
  loopFor(lane: LaneReader): FrameChain | undefined {
    const known = this.#byLane.get(lane);
    const loop = known?.version === lane.version ? known.loop : this.#look(lane);
    if (loop === undefined) return undefined;
    if (loop.chain === undefined && ++loop.frames > COMPILE_AFTER_FRAMES) {
      loop.chain = compileFrameChain(this.#head, lane.schema!, this.#steps, this.#onThrow);
    }
    return loop.chain;
  }

  #look(lane: LaneReader): Loop | undefined {
    // Which values travel as codes each sender decides for itself: the loop is given them with each frame.
    const text = JSON.stringify(lane.schema, (key, value) => (key === 'values' ? true : value));
    let loop = this.#bySchema.get(text);
    if (loop === undefined) {
      if (this.#bySchema.size >= MOST_LOOPS) return undefined;
      loop = { frames: 0, chain: undefined };
      this.#bySchema.set(text, loop);
    }
    this.#byLane.set(lane, { version: lane.version, loop });
    return loop;
  }
}
