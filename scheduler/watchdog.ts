// Notices a stage that does not come back. Main thread; reads shared memory only, so it works while every worker hangs.

import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { StageReader } from '../engine/metrics/stage-reader.ts';

export interface WatchdogSettings {
  readonly stallTimeoutMs: number;
  readonly nowNs: () => number;
  readonly stages: readonly StageReader[];
  readonly onWarning: (message: string) => void;
  readonly onStall: (error: MillraceError) => void;
}

const MOST_LOOKS_MS = 1_000;

export class Watchdog {
  readonly #settings: WatchdogSettings;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #warned = new Set<string>();

  constructor(settings: WatchdogSettings) {
    this.#settings = settings;
    if (settings.stallTimeoutMs > 0) {
      // The job itself holds the process alive, not its watchdog.
      this.#timer = setInterval(() => this.#look(), Math.min(MOST_LOOKS_MS, settings.stallTimeoutMs / 4)).unref();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { stallTimeoutMs, nowNs, stages, onWarning, onStall } = this.#settings;
    const now = nowNs();
    for (const stage of stages) {
      for (const { worker, stepStartedNs, operator } of stage.heartbeats()) {
        if (stepStartedNs === undefined) continue;
        const stuckMs = (now - stepStartedNs) / 1e6;
        const what = `stage '${stage.name}' has not returned on worker ${worker} for ${(stuckMs / 1e3).toFixed(1)} s`;
        if (stuckMs >= stallTimeoutMs) {
          onStall(
            new MillraceError(
              'ERR_STAGE_STALLED',
              `${what} (stallTimeoutMs=${stallTimeoutMs}): an operator loops or blocks; ` +
                'make it return, or raise stallTimeoutMs (0 turns the watchdog off)',
              { place: { stage: stage.name, worker, operator: suspects(stage, operator) } },
            ),
          );
        } else if (stuckMs >= stallTimeoutMs / 3 && !this.#warned.has(`${stage.name} ${worker} ${stepStartedNs}`)) {
          this.#warned.add(`${stage.name} ${worker} ${stepStartedNs}`);
          onWarning(`${what}; the job fails after ${stallTimeoutMs / 1e3} s`);
        }
      }
    }
  }
}

/** A thread that died inside a step died of what runs there: its last words are in shared memory. */
export function explainDeath(error: MillraceError, stages: readonly StageReader[]): MillraceError {
  if (error.code !== 'ERR_WORKER_DIED') return error;
  for (const stage of stages) {
    for (const { worker, stepStartedNs, operator } of stage.heartbeats()) {
      if (worker !== error.place.worker || stepStartedNs === undefined) continue;
      return error.at({ stage: stage.name, operator: suspects(stage, operator) });
    }
  }
  return error;
}

/** A compiled loop says which operator it begins with, not how far into it the thread is. */
function suspects({ operators }: StageReader, first: string | undefined): string {
  return operators.slice(first === undefined ? 0 : operators.indexOf(first)).join(', ');
}
