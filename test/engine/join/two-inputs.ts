// Drives the logic of an operator with two inputs by hand: each record and each watermark at a definite moment, so that what is late can be
// said exactly.

import fc from 'fast-check';
import {
  type StatefulHost,
  type StatefulLogic,
  StatefulOperator,
} from '../../../engine/operators/stateful-operator.ts';
import { END_OF_TIME } from '../../../engine/time/watermark.ts';

export type Event =
  | { readonly kind: 'record'; readonly input: 0 | 1; readonly at: number; readonly id: number; readonly key: string }
  | { readonly kind: 'watermark'; readonly input: 0 | 1; readonly at: number };

/** Records anywhere in time, and watermarks of both inputs that only rise. */
export const events: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('record', 'record', 'watermark'),
      input: fc.constantFrom(0, 1),
      at: fc.integer({ min: 0, max: 60 }),
      key: fc.constantFrom('ada', 'bob'),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    const reached = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    return steps.map(({ kind, input, at, key }, id): Event => {
      if (kind === 'record') return { kind, input: input as 0 | 1, at, id, key };
      reached[input] = Math.max(reached[input]!, at);
      return { kind: 'watermark', input: input as 0 | 1, at: reached[input] };
    });
  });

export interface Driven {
  readonly results: unknown[];
  /** Event times of the results. */
  readonly times: number[];
  readonly late: unknown[];
  /** Results that came behind the watermark that was told downstream before them. */
  readonly behind: unknown[];
}

/** @param each is called after each event */
export function drive(
  make: (host: StatefulHost) => StatefulLogic,
  steps: readonly Event[],
  each: (event: Event, watermarkMs: number) => void = () => undefined,
): Driven {
  const driven: Driven = { results: [], times: [], late: [], behind: [] };
  const operator = new StatefulOperator(make, {
    late: (record) => void driven.late.push(record),
    failed: (error) => {
      throw error;
    },
    fired: () => undefined,
    clock: { nowNs: () => 0, startedAtMs: 0 },
    forgives: false,
  });
  const inputs = [operator.addInput(), operator.addInput()];
  let toldMs = Number.NEGATIVE_INFINITY;
  const settle = (): void => {
    do {
      operator.refill();
      operator.records.forEach((result, index) => {
        const timeMs = operator.times[index]!;
        driven.results.push(result);
        driven.times.push(timeMs);
        if (timeMs < toldMs) driven.behind.push(result);
      });
      operator.cursor = operator.count;
      toldMs = operator.watermarkMs;
    } while (operator.full);
  };
  for (const step of steps) {
    if (step.kind === 'record') operator.onRecord(step.key, step, step.at, inputs[step.input]!);
    else operator.advance(step.at, inputs[step.input]!);
    settle();
    each(step, operator.watermarkMs);
  }
  for (const input of inputs) {
    settle();
    operator.end(input);
  }
  settle();
  if (operator.refill() !== 'done' || operator.watermarkMs !== END_OF_TIME) throw new Error('it has not ended');
  return driven;
}

/** Each record with the watermark of both inputs together at the moment when it came. */
export function withWatermarks(steps: readonly Event[]): (Event & { kind: 'record'; watermarkMs: number })[] {
  const reached = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return steps.flatMap((step) => {
    if (step.kind === 'watermark') {
      reached[step.input] = step.at;
      return [];
    }
    return [{ ...step, watermarkMs: Math.min(...reached) }];
  });
}
