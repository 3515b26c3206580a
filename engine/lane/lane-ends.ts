// One thread's ends of the job's lanes: the writers of what its actors send, the readers of what they receive. Any thread.

import { type EdgePlan, lanesOf, MAIN_THREAD, type PhysicalPlan } from '../plan/physical-plan.ts';
import type { ControlWords } from '../protocol/control-words.ts';
import { type Doorbell, RingConsumer, RingProducer } from '../queue/index.ts';
import { LaneReader } from './lane-reader.ts';
import { LaneWriter } from './lane-writer.ts';

export class LaneEnds {
  readonly #plan: PhysicalPlan;
  readonly #lanes: ReadonlyArray<readonly SharedArrayBuffer[]>;
  readonly #control: ControlWords;
  readonly #worker: number;

  /** @param worker whose ends these are; MAIN_THREAD for the thread that collects */
  constructor(
    plan: PhysicalPlan,
    lanes: ReadonlyArray<readonly SharedArrayBuffer[]>,
    control: ControlWords,
    worker: number,
  ) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#control = control;
    this.#worker = worker;
  }

  /** By index of the receiving actor. */
  writers(edge: EdgePlan): LaneWriter[] {
    const receivers = this.#plan.stages[edge.to]!.placement;
    return this.#ends(edge, 'from').map(
      ({ sab, peer }) => new LaneWriter(new RingProducer(sab, { doorbells: this.#doorbells(receivers[peer]!) })),
    );
  }

  /** By index of the sending actor. */
  readers(edge: EdgePlan): LaneReader[] {
    const senders = this.#plan.stages[edge.from]!.placement;
    return this.#ends(edge, 'to').map(
      ({ sab, peer }) => new LaneReader(new RingConsumer(sab, { doorbells: this.#doorbells(senders[peer]!) })),
    );
  }

  #ends(edge: EdgePlan, side: 'from' | 'to'): { sab: SharedArrayBuffer; peer: number }[] {
    const placement = this.#plan.stages[side === 'from' ? edge.from : edge.to]!.placement;
    const own = placement.indexOf(this.#worker);
    return lanesOf(this.#plan, edge).flatMap(([from, to], lane) => {
      const [mine, peer] = side === 'from' ? [from, to] : [to, from];
      return mine === own ? [{ sab: this.#lanes[edge.id]![lane]!, peer }] : [];
    });
  }

  /** A worker reads many lanes and parks once: they all ring the one doorbell of their worker. */
  #doorbells(peerWorker: number): { self: Doorbell; peer: Doorbell } {
    return { self: this.#bell(this.#worker), peer: this.#bell(peerWorker) };
  }

  #bell(worker: number): Doorbell {
    return this.#control.doorbell(worker === MAIN_THREAD ? this.#plan.workers : worker);
  }
}
