// What a worker does all day: steps its actors in turn, and sleeps when none of them has anything to do.
//
//   step all -> something moved? -> again
//                nothing        -> spin a little -> announce the sleep, step all once more -> park on the doorbell
//
// Two ways to sleep. With no asynchronous call under way the thread blocks in Atomics.wait (about 4 us to wake). With one under way it
// must return to its event loop, which brings the call back, and parks there (about 8 us). Both end when the doorbell is rung: by a
// lane that got a frame or room, or by the main thread with a command. No wake-up is lost: see engine/queue/doorbell.ts; the step
// between announcing and sleeping is the second look.

import { MillraceError } from '../engine/errors/millrace-error.ts';
import { ABORT, type ControlWords } from '../engine/protocol/control-words.ts';
import type { IdleOptions } from '../engine/protocol/deployment.ts';
import type { Doorbell } from '../engine/queue/index.ts';
import type { Actor } from './actor.ts';
import type { StepClock } from './step-clock.ts';

/** A parked thread looks up this often in any case: an error of another thread could keep it from being rung. */
const PARK_MS = 100;
/** Where the event loop goes on meanwhile, each look in vain doubles the time to the next. One costs 0.2 ms: nothing is in any cache. */
const LONGEST_ASYNC_PARK_MS = 1_000;
/** While calls are under way the event loop gets its turn at least this often; else only for what users' functions leave behind. */
const YIELD_WAITING_NS = 500_000;
const YIELD_ALWAYS_NS = 20_000_000;

export class DutyCycle {
  readonly #actors: readonly Actor[];
  readonly #control: ControlWords;
  readonly #doorbell: Doorbell;
  readonly #idle: IdleOptions;
  readonly #clock: StepClock;
  /** When the event loop had its turn. */
  #yieldedNs = 0;
  #woken = false;
  #waiting = false;
  #parkedAsync = false;
  #asyncParkMs = PARK_MS;

  constructor(
    actors: readonly Actor[],
    control: ControlWords,
    doorbell: Doorbell,
    idle: IdleOptions,
    clock: StepClock,
  ) {
    this.#actors = actors;
    this.#control = control;
    this.#doorbell = doorbell;
    this.#idle = idle;
    this.#clock = clock;
  }

  /** From a callback on this thread: an asynchronous call has come back. */
  wake(): void {
    this.#woken = true;
    if (this.#parkedAsync) this.#doorbell.endParkAsync();
  }

  /** Until all actors are done. @throws what an actor throws; ERR_ABORTED on the command to abort */
  async run(): Promise<void> {
    let spins = 0;
    this.#hasYielded();
    for (;;) {
      const progress = this.#stepAll();
      if (progress === 'done') return;
      if (progress === 'made') {
        spins = 0;
        const sinceYieldNs = this.#clock.lastNs - this.#yieldedNs;
        if (sinceYieldNs > (this.#waiting ? YIELD_WAITING_NS : YIELD_ALWAYS_NS)) {
          await turnOfEventLoop();
          this.#hasYielded();
        }
        continue;
      }
      if (this.#idle.busySpin) {
        await turnOfEventLoop();
        this.#hasYielded();
        continue;
      }
      if (++spins < this.#idle.spins && !this.#waiting) continue;
      const slept = await this.#sleep();
      if (slept === 'done') return;
      // Nobody rang: spinning after each of these looks would be all that a quiet job does, ten times a second on every worker.
      spins = slept === 'timed-out' ? this.#idle.spins : 0;
      this.#hasYielded();
    }
  }

  #hasYielded(): void {
    this.#clock.read();
    this.#yieldedNs = this.#clock.lastNs;
  }

  /** `done` when the second look found that all is. */
  async #sleep(): Promise<'done' | 'rung' | 'timed-out'> {
    this.#woken = false;
    this.#doorbell.prepareToPark();
    const progress = this.#stepAll();
    if (progress !== 'none' || this.#woken) {
      this.#doorbell.cancelPark();
      return progress === 'done' ? 'done' : 'rung';
    }
    let rung: boolean;
    if (this.#waiting) {
      this.#parkedAsync = true;
      rung = await this.#doorbell.parkAsync(this.#parkMs(this.#asyncParkMs));
      this.#parkedAsync = false;
    } else {
      rung = this.#doorbell.park(this.#parkMs(PARK_MS));
      await turnOfEventLoop();
    }
    this.#asyncParkMs = rung ? PARK_MS : Math.min(LONGEST_ASYNC_PARK_MS, this.#asyncParkMs * 2);
    return rung ? 'rung' : 'timed-out';
  }

  /** So long, or until the first timer of an actor. */
  #parkMs(longestMs: number): number {
    let dueNs = Number.POSITIVE_INFINITY;
    for (const actor of this.#actors) dueNs = Math.min(dueNs, actor.dueNs);
    if (dueNs === Number.POSITIVE_INFINITY) return longestMs;
    return Math.max(0, Math.min(longestMs, (dueNs - this.#clock.lastNs) / 1e6));
  }

  #stepAll(): 'made' | 'none' | 'done' {
    if (this.#control.command === ABORT) throw new MillraceError('ERR_ABORTED', 'the job was aborted');
    let made = false;
    let open = false;
    let waiting = false;
    for (const actor of this.#actors) {
      const progress = actor.step();
      if (progress === 'done') continue;
      open = true;
      if (progress === 'made') made = true;
      if (actor.waits) waiting = true;
    }
    this.#waiting = waiting;
    return open ? (made ? 'made' : 'none') : 'done';
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
