// What leaves an operator beside its results: dead letters, and records that came too late. On a worker.
//
// Each has a small chain of its own. Several pipelines of the actor may lead to it, so its outlets end when the last of them has.

import { ERROR_PORT, LATE_PORT, type OperatorNode } from '../engine/graph/operator-node.ts';
import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { compileChain } from '../engine/operators/chain-compiler.ts';
import { type Chain, type ChainStep, outletsOf } from '../engine/operators/chain-step.ts';
import type { Faults } from '../engine/operators/faults.ts';
import { SharedOutlet } from './shared-outlet.ts';

interface SideOutput {
  readonly chain: Chain;
  readonly outlets: readonly SharedOutlet[];
}

export class SideOutputs {
  readonly #stepsBehind: (node: OperatorNode, port: string) => ChainStep[];
  readonly #faults: Faults;
  readonly #recorder: StageRecorder;
  readonly #made = new Map<string, SideOutput>();

  constructor(stepsBehind: (node: OperatorNode, port: string) => ChainStep[], faults: Faults, recorder: StageRecorder) {
    this.#stepsBehind = stepsBehind;
    this.#faults = faults;
    this.#recorder = recorder;
  }

  /** All outlets beside the results of an operator. */
  outletsOf(node: OperatorNode): readonly SharedOutlet[] {
    const late = this.#made.get(nameOf(node, LATE_PORT))?.outlets ?? [];
    return [...this.deadLetters(node), ...late];
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

  /** Counts a record that came too late, and hands it to whoever reads the late ones. */
  lateTaker(node: OperatorNode, isRead: boolean): (record: unknown, timeMs: number) => void {
    const chain = isRead ? this.#make(node, LATE_PORT, true).chain : undefined;
    return (record, timeMs) => {
      this.#recorder.recordsLate(1);
      chain?.([record], 0, 1, [timeMs]);
    };
  }

  #make(node: OperatorNode, port: string, timed: boolean): SideOutput {
    const steps = this.#stepsBehind(node, port);
    const chain = compileChain({ kind: 'batch', timed }, steps, (error) => {
      throw error;
    });
    const made = { chain, outlets: [...outletsOf(steps)].map((outlet) => new SharedOutlet(outlet)) };
    this.#made.set(nameOf(node, port), made);
    return made;
  }
}

function nameOf({ id }: OperatorNode, port: string): string {
  return `${id}${port}`;
}
