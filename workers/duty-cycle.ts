// What a worker does all day: steps its actors in turn, and sleeps when none of them has anything to do.
//
//   step all -> something moved? -> again; at times the event loop has its turn
//                nothing        -> spin a little -> turn of the event loop -> announce the sleep, step all once more -> park on the doorbell
//
// The event loop has its turn when nobody waits for this thread: before it sleeps and not when it wakes up, and behind what a watermark or a timer
// has fired. V8 collects young garbage in a task of the event loop once four fifths of its space are full; if there was no turn by the time that the
// rest is full as well, it collects in the middle of whatever runs then.
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
/** Behind what has fired, but no more often than this: a turn costs 20 to 50 us. A fifth of the young space, 3 MB, lasts longer at 300 MB/s. */
const YIELD_FIRED_NS = 5_000_000;

export class DutyCycle {
  readonly #actors: readonly Actor[];
  readonly #control: ControlWords;
  readonly #doorbell: Doorbell;
  readonly #idle: IdleOptions;
  readonly #clock: StepClock;
  /** When the event loop had its turn. */
  #yieldedNs = 0;
  #woken = false;
  #fired = false;
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

  /** From an actor: what was due is told, and the next is due later. */
  fired(): void {
    this.#fired = true;
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
        if (this.#clock.lastNs - this.#yieldedNs > this.#yieldAfterNs()) await this.#yield();
        continue;
      }
      if (this.#idle.busySpin) {
        await this.#yield();
        continue;
      }
      if (++spins < this.#idle.spins && !this.#waiting) continue;
      const slept = await this.#sleep();
      if (slept === 'done') return;
      // Nobody rang: spinning after each of these looks would be all that a quiet job does, ten times a second on every worker.
      spins = slept === 'timed-out' ? this.#idle.spins : 0;
    }
  }

  #yieldAfterNs(): number {
    if (this.#waiting) return YIELD_WAITING_NS;
    return this.#fired ? YIELD_FIRED_NS : YIELD_ALWAYS_NS;
  }

  async #yield(): Promise<void> {
    await turnOfEventLoop();
    this.#hasYielded();
  }

  #hasYielded(): void {
    this.#clock.read();
    this.#yieldedNs = this.#clock.lastNs;
    this.#fired = false;
  }

  /** `done` when the second look found that all is. */
  async #sleep(): Promise<'done' | 'rung' | 'timed-out'> {
    if (!this.#waiting) await this.#yield();
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
      this.#hasYielded();
    } else {
      rung = this.#doorbell.park(this.#parkMs(PARK_MS));
      this.#clock.read();
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
