// Which windows over panes have ended, in order, and which panes no window needs any more. On the thread of the actor.
//
//   closedMs   every window that ends here or before has fired
//   late       a record whose last window has fired; one that is in a later window too counts there

import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import { Panes } from '../window/panes.ts';
import { type HoppingWindow, paneMs } from '../window/window-spec.ts';

export class PaneWindows {
  readonly panes: Panes;
  readonly sizeMs: number;
  closedMs: number = NO_WATERMARK;
  readonly #stepMs: number;
  readonly #offsetMs: number;

  /** @param create what a key holds in a pane */
  constructor(window: HoppingWindow, create: () => unknown) {
    this.panes = new Panes(paneMs(window), window.offsetMs, create);
    this.sizeMs = window.sizeMs;
    this.#stepMs = window.stepMs;
    this.#offsetMs = window.offsetMs;
  }

  /** All windows of this time have fired. */
  isLate(timeMs: number): boolean {
    return timeMs < this.closedMs && this.#startOf(timeMs) + this.sizeMs <= this.closedMs;
  }

  /** The end of the first window that has not fired and holds anything; Infinity when there is none. */
  nextEndMs(): number {
    const { panes, sizeMs, closedMs } = this;
    const step = this.#stepMs;
    for (const start of panes.starts) {
      // Of the windows that hold the pane, the first to end.
      const firstEnd =
        Math.ceil((start + panes.paneMs - this.#offsetMs - sizeMs) / step) * step + this.#offsetMs + sizeMs;
      const missed = firstEnd > closedMs ? 0 : Math.floor((closedMs - firstEnd) / step) + 1;
      const endMs = firstEnd + missed * step;
      if (endMs - sizeMs <= start) return endMs;
    }
    return END_OF_TIME;
  }

  /** Whether a window has ended at this watermark, with records or without, that had not before. */
  hasEnded(watermarkMs: number): boolean {
    return this.#lastEndAt(watermarkMs) > this.closedMs;
  }

  /** The starts of the panes of the window that ends here, ascending. */
  panesOf(endMs: number): number[] {
    return this.panes.starts.filter((start) => start >= endMs - this.sizeMs && start < endMs);
  }

  /** From now on every window that has ended at this watermark counts as fired. */
  closeAt(watermarkMs: number): void {
    this.closedMs = Math.max(this.closedMs, this.#lastEndAt(watermarkMs));
    this.dropEnded();
  }

  dropEnded(): void {
    for (;;) {
      const [start] = this.panes.starts;
      if (start === undefined || this.#startOf(start) + this.sizeMs > this.closedMs) return;
      this.panes.take(start);
    }
  }

  /** Start of the last window that holds `timeMs`. */
  #startOf(timeMs: number): number {
    return Math.floor((timeMs - this.#offsetMs) / this.#stepMs) * this.#stepMs + this.#offsetMs;
  }

  #lastEndAt(watermarkMs: number): number {
    if (!Number.isFinite(watermarkMs)) return watermarkMs;
    return this.#startOf(watermarkMs - this.sizeMs) + this.sizeMs;
  }
}
