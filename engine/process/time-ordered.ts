// Hands records on in the order of their event time, as if the watermark came with each of them. On the thread of the actor.
//
//   records as they come -> heap by time -> those that the watermark has reached -> the logic inside: what is due before the record,
//                                                                                  the record, what it has made due
//
// Of equal times, the one that came first. A record behind the watermark is late: its turn has passed.

import { owned } from '../aggregate/own-string.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { partitionOf } from '../partition/key-hash.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { NO_WATERMARK } from '../time/watermark.ts';

interface Waiting {
  readonly key: unknown;
  readonly record: unknown;
}

interface StoredPartition {
  readonly waiting: ReadonlyArray<Waiting & { readonly timeMs: number }>;
  readonly inner: unknown;
}

export class TimeOrdered implements StatefulLogic {
  readonly #inner: StatefulLogic;
  readonly #host: StatefulHost;
  readonly #waiting = new TimerHeap<Waiting>();
  #watermarkMs: number = NO_WATERMARK;

  constructor(inner: StatefulLogic, host: StatefulHost) {
    this.#inner = inner;
    this.#host = host;
  }

  get tickAtMs(): number {
    return this.#inner.tickAtMs ?? Number.POSITIVE_INFINITY;
  }

  tick(nowMs: number): Iterator<unknown> {
    return this.#inner.tick!(nowMs);
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    if (timeMs < this.#watermarkMs) this.#host.late(record, timeMs);
    // It may wait for long: not with the text of its whole frame.
    else this.#waiting.set(timeMs, { key, record: owned(record) });
  }

  isDue(watermarkMs: number): boolean {
    if (this.#waiting.size > 0 && this.#waiting.nextMs <= watermarkMs) return true;
    if (this.#inner.isDue(watermarkMs)) return true;
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<unknown> {
    // Idle: no further than before.
    const toMs = Number.isNaN(watermarkMs) ? this.#watermarkMs : watermarkMs;
    let timeMs = NO_WATERMARK;
    for (let taken = 1; this.#waiting.size > 0 && this.#waiting.nextMs <= toMs; taken++) {
      timeMs = this.#waiting.nextMs;
      yield* this.#fireInner(timeMs);
      const { key, record } = this.#waiting.take();
      try {
        this.#inner.onRecord(key, record, timeMs, 0);
      } catch (error) {
        this.#host.failed(error, record);
      }
      if (taken % 64 === 0 || this.#host.full) yield;
    }
    // What the last record has made due, as it would be before the next one: whether another key has one does not matter.
    yield* this.#fireInner(timeMs);
    yield* this.#fireInner(toMs);
    if (toMs > this.#watermarkMs) this.#watermarkMs = toMs;
  }

  dump(partition: number): StoredPartition {
    const waiting = this.#waiting.all().filter(({ payload }) => partitionOf(payload.key) === partition);
    return {
      waiting: structuredClone(waiting.map(({ timeMs, payload: { key, record } }) => ({ key, record, timeMs }))),
      inner: this.#inner.dump?.(partition),
    };
  }

  restore(partition: number, stored: unknown): void {
    const { waiting, inner } = structuredClone(stored) as StoredPartition;
    for (const { key, record, timeMs } of waiting) this.#waiting.set(timeMs, { key, record });
    this.#inner.restore?.(partition, inner);
  }

  close(): void | Promise<void> {
    return this.#inner.close?.();
  }

  *#fireInner(toMs: number): Generator<unknown> {
    if (!this.#inner.isDue(toMs)) return;
    const firing = this.#inner.fire(toMs);
    for (let step = firing.next(); step.done !== true; step = firing.next()) yield step.value;
  }
}
