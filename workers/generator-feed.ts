// A source whose records are computed from their index, as its actor sees it: hands out index ranges, and the compiled chain computes
// the records in its own loop. No batch of objects stands between the two.

import { LIMITS } from '../engine/limits.ts';
import type { Feed, Refill } from '../engine/operators/outlet.ts';
import type { SourceHost } from './source-feed.ts';

/** A split of such a source. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

const NO_RECORDS: readonly unknown[] = [];

export class GeneratorFeed implements Feed {
  readonly records: readonly unknown[] = NO_RECORDS;
  cursor = 0;
  count = 0;
  readonly port = 0;
  intakeNs = 0;
  readonly #splits: readonly IndexRange[];
  readonly #host: SourceHost;
  #end = 0;
  #done = 0;

  constructor(splits: readonly IndexRange[], host: SourceHost) {
    this.#splits = splits;
    this.#host = host;
  }

  refill(): Refill {
    if (this.#host.draining()) return 'done';
    while (this.count === this.#end) {
      const split = this.#splits[this.#host.takeSplit()];
      if (split === undefined) return 'done';
      this.count = split.from;
      this.#end = split.to;
    }
    this.cursor = this.count;
    this.count = Math.min(this.#end, this.cursor + LIMITS.frameRecords);
    this.#done += this.count - this.cursor;
    this.intakeNs = this.#host.nowNs();
    this.#host.read(this.count - this.cursor);
    this.#host.progress(this.#done);
    return 'made';
  }

  locate(index: number): string {
    return `record ${index}`;
  }
}
