// The panes of an operator beyond its memory. On the thread of the actor that owns the keys.
//
// When all panes together are too large they are written out as runs, each pane a group, and stay as they are with nothing in them: records go
// on being added. A window of which a pane was written out is combined from the runs of its panes (engine/state/spilled-runs.ts).

import type { KeyEntry, KeyTable } from '../operators/key-table.ts';
import type { ColdState } from '../state/cold-store.ts';
import { type RunsOf, SpilledRuns } from '../state/spilled-runs.ts';
import type { Panes } from './panes.ts';

export class SpilledPanes {
  readonly #panes: Panes;
  readonly #runs: SpilledRuns;

  constructor(panes: Panes, cold: ColdState, of: RunsOf) {
    this.#panes = panes;
    this.#runs = new SpilledRuns(cold, of);
  }

  /** Between two batches. True when the panes have nothing in memory any more. @param otherKeys that the operator holds besides */
  relieve(otherKeys: number): boolean {
    this.#runs.write();
    const panes = this.#panes;
    if (!this.#runs.isOver(panes.size + panes.keys.waiting + otherKeys, panes.current)) return false;
    this.#take(panes.starts);
    panes.keys.forget();
    return true;
  }

  /** Whether any of these panes was written out. */
  hasAny(starts: readonly number[]): boolean {
    return starts.some((start) => this.#runs.has(start));
  }

  /** All keys of these panes, each once; undefined for a pause. The panes have nothing in memory afterwards. */
  combined(starts: readonly number[]): Generator<KeyEntry | undefined> {
    this.#take(starts);
    return this.#runs.combined(starts);
  }

  /** As combined(), of some keys alone. */
  picked(starts: readonly number[], keys: KeyTable): Generator<KeyEntry | undefined> {
    this.#take(starts);
    return this.#runs.picked(starts, keys.entries());
  }

  drop(start: number): void {
    this.#runs.drop(start);
  }

  close(): void | Promise<void> {
    return this.#runs.close();
  }

  #take(starts: readonly number[]): void {
    for (const start of starts) this.#runs.take(start, this.#panes.detach(start));
  }
}
