// One stage on one worker. Cooperative: a step does a bounded amount of work and says what came of it.

import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import type { Pipeline, Progress } from './pipeline.ts';
import type { StepClock } from './step-clock.ts';

/**
 * What is staged waits no longer than this while its actor is busy with more: behind a slow operator, or for a receiver that gets one
 * record in a thousand, a frame might not fill for minutes. At a million records a second and 64 receivers it costs about 1 %.
 */
const MOST_STAGED_NS = 10_000_000;

export class Actor {
  readonly stage: string;
  /** Something is under way that only the event loop can bring back. */
  waits = false;
  /** All that it waits for is sources that have nothing to read now. */
  sleeps = false;
  readonly #pipelines: readonly Pipeline[];
  readonly #recorder: StageRecorder;
  readonly #clock: StepClock;
  #done = false;
  #flushedNs = 0;

  /** @param pipelines inputs before their users */
  constructor(stage: string, pipelines: readonly Pipeline[], recorder: StageRecorder, clock: StepClock) {
    this.stage = stage;
    this.#pipelines = pipelines;
    this.#recorder = recorder;
    this.#clock = clock;
    clock.read();
    recorder.begin(clock.lastNs);
  }

  get done(): boolean {
    return this.#done;
  }

  /** When it has something to do by the clock alone; Infinity for never. */
  get dueNs(): number {
    let dueNs = Number.POSITIVE_INFINITY;
    for (const { done, feed } of this.#pipelines) if (!done) dueNs = Math.min(dueNs, feed.dueNs ?? dueNs);
    return dueNs;
  }

  /** Begins at the last reading of the clock, and reads it when it ends. */
  step(): Progress {
    if (this.#done) return 'done';
    const recorder = this.#recorder;
    const clock = this.#clock;
    const enteredNs = clock.lastNs;
    recorder.enterStep(enteredNs);
    let made = false;
    let blocked = false;
    let waiting = false;
    let asleep = false;
    let empty = false;
    let open = 0;
    for (const pipeline of this.#pipelines) {
      const progress = pipeline.turn();
      if (progress === 'done') continue;
      open++;
      if (progress === 'made') made = true;
      else if (progress === 'blocked') blocked = true;
      else if (progress === 'waiting') waiting = true;
      else if (progress === 'asleep') asleep = true;
      else if (progress === 'empty') empty = true;
    }
    // A frame is sent when it is full, or when its actor has nothing more to read: small load means small frames.
    if (open > 0 && ((!made && !empty) || enteredNs - this.#flushedNs > MOST_STAGED_NS)) {
      for (const pipeline of this.#pipelines) if (pipeline.flush()) made = true;
      this.#flushedNs = enteredNs;
    }
    // Who always finds a little at each step never finds nothing: what is staged would leave only when a frame is full. And who is asked again at once
    // could send a frame at each look, and the receiver be behind by as many as it was once: each has one to read, and the next when it has.
    else if (open > 0) for (const pipeline of this.#pipelines) pipeline.trickle(!made);
    // A read without records is work, and the next one follows at once.
    if (empty) made = true;
    // Waiting for a call of its own is work of this stage, a full lane is the work of the next one.
    clock.read();
    recorder.leaveStep(clock.lastNs, made ? 'made' : blocked ? 'blocked' : waiting ? 'waiting' : 'idle');
    if (open === 0) {
      this.#done = true;
      recorder.close(clock.lastNs);
      this.waits = false;
      this.sleeps = false;
      return 'done';
    }
    this.waits = waiting || asleep;
    this.sleeps = asleep && !waiting;
    return made ? 'made' : waiting ? 'waiting' : blocked ? 'blocked' : 'none';
  }

  /** Lets sources that sleep be asked again, as their own wake-up would. */
  wakeSources(): void {
    for (const { feed } of this.#pipelines) feed.wake?.();
  }

  /** Gives back what must not outlive the actor, each feed whatever the others do. @throws the first failure */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const { feed } of this.#pipelines) {
      try {
        await feed.close?.();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
