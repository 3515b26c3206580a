// Where hopping windows lie in event time, and which of them the panes at hand call for. Any thread.
//
//   starts   ... offset - step,  offset,  offset + step ...        a window is [start, start + size)

import { END_OF_TIME } from '../time/watermark.ts';
import { type HoppingWindow, paneMs } from './window-spec.ts';

export class WindowGrid {
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly offsetMs: number;
  readonly paneMs: number;

  constructor(window: HoppingWindow) {
    this.sizeMs = window.sizeMs;
    this.stepMs = window.stepMs;
    this.offsetMs = window.offsetMs;
    this.paneMs = paneMs(window);
  }

  /** End of the last window that `timeMs` lies in. */
  lastEndOf(timeMs: number): number {
    return this.#startOf(timeMs) + this.sizeMs;
  }

  /** End of the last window that has ended at this watermark. */
  lastEndAt(watermarkMs: number): number {
    if (!Number.isFinite(watermarkMs)) return watermarkMs;
    return this.#startOf(watermarkMs - this.sizeMs) + this.sizeMs;
  }

  /** The end of the first window behind `closedMs` that holds one of these panes; Infinity when there is none. `starts` ascend. */
  nextEndMs(starts: readonly number[], closedMs: number): number {
    const { sizeMs, stepMs, offsetMs } = this;
    for (const start of starts) {
      // Of the windows that hold the pane, the first to end.
      const firstEnd = Math.ceil((start + this.paneMs - offsetMs - sizeMs) / stepMs) * stepMs + offsetMs + sizeMs;
      const missed = firstEnd > closedMs ? 0 : Math.floor((closedMs - firstEnd) / stepMs) + 1;
      const endMs = firstEnd + missed * stepMs;
      if (endMs - sizeMs <= start) return endMs;
    }
    return END_OF_TIME;
  }

  /** Those of the panes that lie in the window that ends here. */
  panesOf(starts: readonly number[], endMs: number): number[] {
    return starts.filter((start) => start >= endMs - this.sizeMs && start < endMs);
  }

  /** Start of the last window that holds `timeMs`. */
  #startOf(timeMs: number): number {
    return Math.floor((timeMs - this.offsetMs) / this.stepMs) * this.stepMs + this.offsetMs;
  }
}
