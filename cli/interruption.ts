// What Ctrl-C does: the first drains the job (sources stop, what is under way is finished), the second aborts it, the third ends the
// process at once. SIGTERM does the same, for whoever runs the command in a container.

import { constants } from 'node:os';
import type { JobHandle } from '../index.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type InterruptSignal = (typeof SIGNALS)[number];

/** Where signals come from: `process`, or a stand-in in tests. */
export interface SignalSource {
  on(signal: InterruptSignal, listener: (signal: InterruptSignal) => void): unknown;
  off(signal: InterruptSignal, listener: (signal: InterruptSignal) => void): unknown;
}

export class Interruption {
  readonly #handle: Pick<JobHandle, 'stop'>;
  readonly #source: SignalSource;
  readonly #say: (text: string) => void;
  readonly #leave: (exitCode: number) => void;
  #first: InterruptSignal | undefined;
  #count = 0;

  constructor(
    handle: Pick<JobHandle, 'stop'>,
    source: SignalSource,
    say: (text: string) => void,
    leave: (exitCode: number) => void,
  ) {
    this.#handle = handle;
    this.#source = source;
    this.#say = say;
    this.#leave = leave;
    for (const signal of SIGNALS) source.on(signal, this.#onSignal);
  }

  /** 128 + the number of the first signal, as shells count: 130 or 143; undefined when there was none. */
  get exitCode(): number | undefined {
    return this.#first === undefined ? undefined : 128 + constants.signals[this.#first];
  }

  /** Stops listening: from here on a signal ends the process as it always does. */
  close(): void {
    for (const signal of SIGNALS) this.#source.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: InterruptSignal): void => {
    this.#first ??= signal;
    this.#count++;
    if (this.#count > 2) {
      this.#leave(this.exitCode!);
      return;
    }
    const drain = this.#count === 1;
    const again = signal === 'SIGINT' ? 'Ctrl-C' : signal;
    this.#say(
      drain
        ? `interrupted: finishing what is under way (${again} again to abort)`
        : 'aborting: what is under way is lost',
    );
    // What goes wrong while stopping is what `completed` rejects with.
    this.#handle.stop({ drain }).catch(() => {});
  };
}
