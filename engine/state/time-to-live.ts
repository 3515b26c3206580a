import { owned } from '../aggregate/own-string.ts';
import type { TimeKind } from './key-timers.ts';
import type { Expiring, StateAccess } from './state-access.ts';

/** For how long the values of one state are kept; for ever where nobody said. On the thread of the actor. */
export class TimeToLive {
  /** By which time they expire; undefined where they do not. */
  readonly time: TimeKind | undefined;
  readonly #access: StateAccess;
  readonly #ms: number;

  constructor(access: StateAccess, ttlMs: number | undefined, ttlTime: TimeKind | undefined) {
    this.#access = access;
    this.#ms = ttlMs ?? Number.POSITIVE_INFINITY;
    this.time = ttlMs === undefined ? undefined : (ttlTime ?? 'event');
  }

  /** The value as a cell holds it: with its end where it has one, of which the key is then told. */
  keep(value: unknown): unknown {
    const kept = owned(value);
    if (this.time === undefined) return kept;
    const expiryMs = this.#access.nowMs(this.time) + this.#ms;
    this.#access.expireAt(this.time, expiryMs);
    return { value: kept, expiryMs } satisfies Expiring<unknown>;
  }
}
