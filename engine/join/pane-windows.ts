// Which windows over panes have ended, in order, and which panes no window needs any more. On the thread of the actor.
//
//   closedMs   every window that ends here or before has fired
//   late       a record whose last window has fired; one that is in a later window too counts there

import type { ColdState } from '../state/cold-store.ts';
import type { RunsOf } from '../state/spilled-runs.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { Panes } from '../window/panes.ts';
import { SpilledPanes } from '../window/spilled-panes.ts';
import { WindowGrid } from '../window/window-grid.ts';
import type { HoppingWindow } from '../window/window-spec.ts';

export class PaneWindows {
  readonly panes: Panes;
  closedMs: number = NO_WATERMARK;
  /** Panes that memory does not hold; undefined where it must hold all. */
  readonly spilled: SpilledPanes | undefined;
  readonly #grid: WindowGrid;

  /** @param create what a key holds in a pane */
  constructor(window: HoppingWindow, create: () => unknown, cold: ColdState | undefined, of: RunsOf) {
    this.#grid = new WindowGrid(window);
    this.panes = new Panes(this.#grid.paneMs, window.offsetMs, create);
    this.spilled = cold === undefined ? undefined : new SpilledPanes(this.panes, cold, of);
  }

  get sizeMs(): number {
    return this.#grid.sizeMs;
  }

  /** All windows of this time have fired. */
  isLate(timeMs: number): boolean {
    return timeMs < this.closedMs && this.#grid.lastEndOf(timeMs) <= this.closedMs;
  }

  /** The end of the first window that has not fired and holds anything; Infinity when there is none. */
  nextEndMs(): number {
    return this.#grid.nextEndMs(this.panes.starts, this.closedMs);
  }

  /** Whether a window has ended at this watermark, with records or without, that had not before. */
  hasEnded(watermarkMs: number): boolean {
    return this.#grid.lastEndAt(watermarkMs) > this.closedMs;
  }

  /** The starts of the panes of the window that ends here, ascending. */
  panesOf(endMs: number): number[] {
    return this.#grid.panesOf(this.panes.starts, endMs);
  }

  /** From now on every window that has ended at this watermark counts as fired. */
  closeAt(watermarkMs: number): void {
    this.closedMs = Math.max(this.closedMs, this.#grid.lastEndAt(watermarkMs));
    this.dropEnded();
  }

  dropEnded(): void {
    for (;;) {
      const [start] = this.panes.starts;
      if (start === undefined || this.#grid.lastEndOf(start) > this.closedMs) return;
      this.panes.drop(start);
      this.spilled?.drop(start);
    }
  }
}
