// What leaves an operator beside its results: dead letters, and records that came too late. On a worker.
//
// Each has a small chain of its own. Several pipelines of the actor may lead to it, so its outlets end when the last of them has.
// Late records go by the watermark of the operator that they were too late for: whoever reads them by event time, and did not give them
// another, finds most of them late again.

import { ERROR_PORT, LATE_PORT, type OperatorNode } from '../engine/graph/operator-node.ts';
import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { compileChain } from '../engine/operators/chain-compiler.ts';
import { type Chain, type ChainStep, clocksOf, culpritsOf, outletsOf } from '../engine/operators/chain-step.ts';
import type { Faults } from '../engine/operators/faults.ts';
import { type EventClock, TimeTrack } from '../engine/time/event-clock.ts';
import { slowestOf } from '../engine/time/watermark.ts';
import { SharedOutlet } from './shared-outlet.ts';

interface SideOutput {
  readonly chain: Chain;
  readonly outlets: readonly SharedOutlet[];
  /** Operators within the chain, which have side outputs of their own. */
  readonly operators: readonly OperatorNode[];
}

export class SideOutputs {
  readonly #stepsBehind: (node: OperatorNode, port: string) => ChainStep[];
  readonly #faults: Faults;
  readonly #recorder: StageRecorder;
  readonly #nowNs: () => number;
  readonly #made = new Map<string, SideOutput>();

  constructor(
    stepsBehind: (node: OperatorNode, port: string) => ChainStep[],
    faults: Faults,
    recorder: StageRecorder,
    nowNs: () => number,
  ) {
    this.#stepsBehind = stepsBehind;
    this.#faults = faults;
    this.#recorder = recorder;
    this.#nowNs = nowNs;
  }

  /** All outlets beside the results of an operator. */
  outletsOf(node: OperatorNode): readonly SharedOutlet[] {
    const late = this.#made.get(nameOf(node, LATE_PORT));
    const behind = late?.operators.flatMap((operator) => this.outletsOf(operator)) ?? [];
    return [...this.deadLetters(node), ...this.lateOutlets(node), ...behind];
  }

  /** Where the records that came too late for an operator go. */
  lateOutlets(node: OperatorNode): readonly SharedOutlet[] {
    return this.#made.get(nameOf(node, LATE_PORT))?.outlets ?? [];
  }

  /** Where the dead letters of an operator go; made at the first call. */
  deadLetters(node: OperatorNode): readonly SharedOutlet[] {
    if (node.policy !== 'dead-letter') return [];
    const made = this.#made.get(nameOf(node, ERROR_PORT));
    if (made !== undefined) return made.outlets;
    const { chain, outlets } = this.#make(node, ERROR_PORT, false);
    this.#faults.deadLetters.set(node.id, (letter) => void chain([letter], 0, 1));
    return outlets;
  }

  /** Builds what stands behind the late records of an operator, once all outlets of the stage are there. */
  makeLate(node: OperatorNode): void {
    this.#make(node, LATE_PORT, true);
  }

  /** Counts a record that came too late, and hands it to whoever reads the late ones. */
  late(node: OperatorNode): (record: unknown, timeMs: number) => void {
    const name = nameOf(node, LATE_PORT);
    return (record, timeMs) => {
      this.#recorder.recordsLate(1);
      this.#made.get(name)?.chain([record], 0, 1, [timeMs]);
    };
  }

  #make(node: OperatorNode, port: string, timed: boolean): SideOutput {
    const steps = this.#stepsBehind(node, port);
    const chain = compileChain({ kind: 'batch', timed }, steps, (error, culprit, record) => {
      this.#faults.handle(culprit, error, record, () => undefined);
    });
    const clocks = clocksOf(steps);
    const tracks = new Map<EventClock, TimeTrack>();
    for (const clock of [...clocks.values()].flatMap((some) => [...some])) {
      if (clock !== undefined && !tracks.has(clock)) tracks.set(clock, new TimeTrack(clock));
    }
    const outlets = [...outletsOf(steps)].map((outlet) => {
      const own = [...(clocks.get(outlet) ?? [])].map((clock) => clock && tracks.get(clock)!);
      const read = (watermarkMs: number): number =>
        slowestOf(own.map((track) => track?.advance(this.#nowNs()) ?? watermarkMs));
      return new SharedOutlet(outlet, read);
    });
    const made = { chain, outlets, operators: [...culpritsOf([steps])] };
    this.#made.set(nameOf(node, port), made);
    return made;
  }
}

function nameOf({ id }: OperatorNode, port: string): string {
  return `${id}${port}`;
}
