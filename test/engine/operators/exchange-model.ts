// One exchange on one thread: senders with compiled chains, lanes, the feeds and chains of receivers; and beside it the simplest model of
// what must arrive. Every record is told when it is made: what was promised before it, and what it looks like on the other side.

import { expect } from 'vitest';
import type { RecordSchema } from '../../../engine/frame/index.ts';
import type { OperatorNode } from '../../../engine/graph/operator-node.ts';
import { PARTIALS_PORT, RECORDS_PORT } from '../../../engine/lane/lane-frame-layout.ts';
import { LaneReader } from '../../../engine/lane/lane-reader.ts';
import { LaneWriter } from '../../../engine/lane/lane-writer.ts';
import { compileChain } from '../../../engine/operators/chain-compiler.ts';
import type { Chain, ChainStep } from '../../../engine/operators/chain-step.ts';
import { ExchangeOutlet } from '../../../engine/operators/exchange-outlet.ts';
import { laneChain } from '../../../engine/operators/lane-chain.ts';
import { partitionOf } from '../../../engine/partition/key-hash.ts';
import { actorOfPartition } from '../../../engine/partition/partition-table.ts';
import { RingConsumer, RingProducer, SpscRing } from '../../../engine/queue/index.ts';
import type { WindowedAggregate } from '../../../engine/window/windowed-aggregate.ts';
import { LaneFeed } from '../../../workers/lane-feed.ts';
import { expectSame } from '../frame/same-data.ts';

export interface ModelSettings {
  readonly senders: number;
  readonly receivers: number;
  readonly laneBytes: number;
  /** Keys of the records: their identities modulo this. */
  readonly keys: number;
  /** What the records are declared as; undefined to learn it from them. */
  readonly schema: RecordSchema<unknown> | undefined;
  /** A loop made by `new Function`, or the interpreter. */
  readonly compiled: boolean;
  /** Records cross by a second exchange too: to each receiver in turn, or to all. */
  readonly beside: 'nothing' | 'in turn' | 'to all';
  /** What cannot be sent is replaced by a short record, as a dead letter is; else given up. */
  readonly replaces: boolean;
  /** Records that a receiver takes of a frame at a time. */
  readonly receivesAtOnce: number;
}

export interface Made {
  readonly record: unknown;
  /** What comes out; undefined for a record that cannot be sent. */
  readonly copy: { readonly of: unknown } | undefined;
  /** Its key function throws. */
  readonly keyless: boolean;
}

interface Sent {
  readonly copy: unknown;
  readonly timeMs: number;
  /** How many watermarks the sender had given when it came. */
  readonly promises: number;
}

const node = { id: 0, name: 'exchange', policy: 'skip' } as unknown as OperatorNode;
const skip = (): void => {};

/** What a chain gives up by policy; anything else that is thrown in it is a failure of the test. */
class GivenUp extends Error {}

const giveUp = (error: unknown): void => {
  if (!(error instanceof GivenUp)) throw error;
};

/** Every record has its identity in it, whatever its shape. */
export function identityOf(record: unknown): number {
  if (typeof record === 'string') return Number.parseInt(record, 10);
  return typeof record === 'number' ? record : (record as { id: number }).id;
}

/** One lane, and what is to come out of it. */
class ModelLane {
  readonly writer: LaneWriter;
  readonly reader: LaneReader;
  /** By port. */
  readonly expected: Sent[][] = [[], []];
  readonly #sender: { readonly given: readonly number[] };
  readonly #timed: boolean;
  /** Of the sender's watermarks, the earliest that may be the one that arrived last. */
  #arrived = -1;

  constructor(laneBytes: number, sender: { readonly given: readonly number[] }, timed: boolean) {
    const ring = SpscRing.allocate(laneBytes);
    this.writer = new LaneWriter(new RingProducer(ring));
    this.reader = new LaneReader(new RingConsumer(ring));
    this.#sender = sender;
    this.#timed = timed;
  }

  /** The watermark that has arrived before the records that do next, as the index of the sender's. */
  noteWatermark(): void {
    const { given } = this.#sender;
    const { watermarkMs } = this.reader;
    if (watermarkMs === Number.NEGATIVE_INFINITY) return;
    // Idleness looks the same each time: the first that it can be.
    const found = given.findIndex((value, index) => index >= this.#arrived && Object.is(value, watermarkMs));
    expect(found, `a watermark of ${watermarkMs} was never given, or overtook another`).toBeGreaterThanOrEqual(0);
    this.#arrived = found;
  }

  arrive(port: number, record: unknown, timeMs: number | undefined): void {
    const sent = this.expected[port]!.shift();
    expect(sent, `nothing more was sent, but ${String(identityOf(record))} came`).toBeDefined();
    expectSame(record, sent!.copy);
    if (this.#timed && timeMs !== undefined) expect(timeMs).toBe(sent!.timeMs);
    expect(this.#arrived, 'a watermark overtook a record').toBeLessThan(sent!.promises);
  }
}

class ModelReceiver {
  readonly feed: LaneFeed;
  readonly #lanes: readonly ModelLane[];
  readonly #chains: readonly Chain[];
  readonly #atOnce: number;
  /** By whose sender the batch at hand came. */
  #lane: ModelLane | undefined;
  #taken = 0;

  constructor(lanes: readonly ModelLane[], timed: boolean, atOnce: number) {
    this.#lanes = lanes;
    this.#atOnce = atOnce;
    const counters = { recordsIn: skip, bytesIn: skip, occupancy: skip, wait: { record: skip } };
    this.feed = new LaneFeed(
      lanes.map(({ reader }) => reader),
      counters,
      () => 0,
    );
    this.#chains = [RECORDS_PORT, PARTIALS_PORT].map((port) => {
      const steps: ChainStep[] = timed ? [this.#timedStep(port)] : [this.#step(port)];
      return laneChain(this.feed, { kind: 'batch', timed }, steps, giveUp);
    });
  }

  /** Takes at most one frame. False when there is none. */
  takeFrame(): boolean {
    const { feed } = this;
    if (feed.cursor === feed.count) {
      if (feed.refill() !== 'made') return false;
      this.#lane = this.#lanes.find(({ reader }) => reader === feed.held);
      this.#lane!.noteWatermark();
    }
    while (feed.cursor < feed.count) {
      const to = Math.min(feed.count, feed.cursor + this.#atOnce);
      feed.cursor = this.#chains[feed.port]!(feed.records, feed.cursor, to, feed.times);
    }
    return true;
  }

  noteWatermarks(): void {
    for (const lane of this.#lanes) lane.noteWatermark();
  }

  /** A step that takes the record with its time. */
  #timedStep(port: number): ChainStep {
    const window = {
      closedMs: Number.POSITIVE_INFINITY,
      takeStraggler: (_key: unknown, record: unknown, timeMs: number) => {
        this.#lane!.arrive(port, record, timeMs);
        return true;
      },
    } as unknown as WindowedAggregate;
    const key = (record: unknown): unknown => {
      this.#throwAtTimes(port, record);
      return 0;
    };
    return { kind: 'window', node, key, select: undefined, add: () => undefined, window, late: skip };
  }

  #step(port: number): ChainStep {
    const fn = (record: unknown): void => {
      this.#throwAtTimes(port, record);
      this.#lane!.arrive(port, record, undefined);
    };
    return { kind: 'peek', node, fn, next: [] };
  }

  /** Every 97th record is given up by the chain of its receiver: the rest of its frame is taken another way. */
  #throwAtTimes(port: number, record: unknown): void {
    if (this.#taken++ % 97 !== 96) return;
    this.#lane!.arrive(port, record, undefined);
    throw new GivenUp('the receiver does not like this one');
  }
}

class ModelSender {
  /** All watermarks so far. */
  readonly given: number[] = [];
  readonly lanes: readonly ModelLane[];
  readonly outlet: ExchangeOutlet;
  readonly besideLanes: readonly ModelLane[];
  readonly #beside: ExchangeOutlet | undefined;
  readonly #settings: ModelSettings;
  readonly #chain: Chain;
  readonly #actors: Uint16Array;
  #turn = 0;
  refused = 0;
  toRefuse = 0;
  recordsOut = 0;
  sent = 0;

  constructor(settings: ModelSettings) {
    const { receivers, laneBytes, compiled, beside, keys } = settings;
    this.#settings = settings;
    this.#actors = actorOfPartition(receivers);
    this.lanes = Array.from({ length: receivers }, () => new ModelLane(laneBytes, this, true));
    this.outlet = this.#exchange(this.lanes, true, false);
    this.besideLanes = beside !== 'nothing' ? this.lanes.map(() => new ModelLane(laneBytes, this, false)) : [];
    const key = (record: unknown): number => {
      const identity = identityOf(record);
      if ((record as { keyless?: boolean }).keyless === true) throw new GivenUp('this one has no key');
      return identity % keys;
    };
    const steps: ChainStep[] = [{ kind: 'route', node, key, outlet: this.outlet, actorOfPartition: this.#actors }];
    if (beside !== 'nothing') {
      this.#beside = this.#exchange(this.besideLanes, false, beside === 'to all');
      steps.push({ kind: 'push', node, outlet: this.#beside });
    }
    this.#chain = compileChain({ kind: 'batch', timed: true }, steps, giveUp, compiled);
  }

  /** All outlets, in the order in which the pipeline asks them. */
  get outlets(): readonly ExchangeOutlet[] {
    return this.#beside === undefined ? [this.outlet] : [this.outlet, this.#beside];
  }

  /** @param makeRoom lets receivers read something @param between is called between two slices */
  push(batch: readonly Made[], firstMs: number, atOnce: number, makeRoom: () => void, between: () => void): void {
    const records = batch.map(({ record }) => record);
    const times = batch.map((_, i) => firstMs + i);
    for (const [i, made] of batch.entries()) this.#expect(made, times[i]!);
    for (let at = 0; at < records.length; ) {
      this.untilDrained(makeRoom);
      at = this.#chain(records, at, Math.min(records.length, at + atOnce), times);
      between();
    }
  }

  pushPartial(partial: { readonly id: number }, timeMs: number, makeRoom: () => void): void {
    this.untilDrained(makeRoom);
    const receiver = this.#actors[partitionOf(partial.id % this.#settings.keys)]!;
    this.sent++;
    this.lanes[receiver]!.expected[PARTIALS_PORT]!.push({ copy: partial, timeMs, promises: this.given.length });
    this.outlet.pushPartial(receiver, partial, PARTIALS_PORT, timeMs);
  }

  advance(watermarkMs: number): void {
    this.given.push(watermarkMs);
    this.outlet.advance(watermarkMs);
  }

  untilDrained(makeRoom: () => void): void {
    for (let tries = 0; this.outlets.some((outlet) => outlet.full && !outlet.drain()); tries++) {
      expect(tries, 'an outlet must not wait for ever on lanes that are read').toBeLessThan(5_000);
      makeRoom();
    }
  }

  #expect(made: Made, timeMs: number): void {
    const copies = [];
    if (!made.keyless) {
      copies.push(this.lanes[this.#actors[partitionOf(identityOf(made.record) % this.#settings.keys)]!]!);
    }
    if (this.#settings.beside === 'to all') copies.push(...this.besideLanes);
    else if (this.#settings.beside === 'in turn') {
      // A record that cannot be read takes its turn all the same.
      copies.push(this.besideLanes[this.#turn]!);
      this.#turn = (this.#turn + 1) % this.besideLanes.length;
    }
    for (const lane of copies) {
      if (made.copy === undefined) this.toRefuse++;
      if (made.copy === undefined && !this.#settings.replaces) continue;
      this.sent++;
      const copy = made.copy === undefined ? { id: identityOf(made.record) } : made.copy.of;
      lane.expected[RECORDS_PORT]!.push({ copy, timeMs, promises: this.given.length });
    }
  }

  #exchange(lanes: readonly ModelLane[], timed: boolean, broadcast: boolean): ExchangeOutlet {
    return new ExchangeOutlet({
      writers: lanes.map(({ writer }) => writer),
      schema: this.#settings.schema,
      broadcast,
      timed,
      counters: { recordsOut: (count) => void (this.recordsOut += count), bytesOut: skip },
      nowNs: () => 0,
      refused: (_error, record) => {
        this.refused++;
        return this.#settings.replaces ? { instead: { id: identityOf(record) } } : undefined;
      },
    });
  }
}

export class ExchangeModel {
  readonly senders: readonly ModelSender[];
  readonly #receivers: readonly ModelReceiver[];
  #nextToRead = 0;

  constructor(settings: ModelSettings) {
    this.senders = Array.from({ length: settings.senders }, () => new ModelSender(settings));
    const receivers = Array.from({ length: settings.receivers }, (_, receiver) => {
      const lanesOf = (beside: boolean): ModelLane[] =>
        this.senders.flatMap(({ lanes, besideLanes }) => (beside ? besideLanes : lanes)[receiver] ?? []);
      return [
        new ModelReceiver(lanesOf(false), true, settings.receivesAtOnce),
        new ModelReceiver(lanesOf(true), false, settings.receivesAtOnce),
      ];
    });
    this.#receivers = receivers.flat();
  }

  /** The next receiver in turn that has a frame to read takes it. False when none has. */
  readFrame = (): boolean => {
    for (let tries = 0; tries < this.#receivers.length; tries++) {
      const receiver = this.#receivers[this.#nextToRead]!;
      this.#nextToRead = (this.#nextToRead + 1) % this.#receivers.length;
      if (receiver.takeFrame()) return true;
    }
    return false;
  };

  /** False when there was nothing to read. */
  readAll(): boolean {
    let read = false;
    while (this.readFrame()) read = true;
    for (const receiver of this.#receivers) receiver.noteWatermarks();
    return read;
  }

  end(): void {
    for (const sender of this.senders) {
      // As an actor that has nothing more to read: the last watermark leaves with the last records, or behind them.
      for (let turn = 0; turn < 200; turn++) {
        sender.untilDrained(this.readFrame);
        const sent = sender.outlets.map((outlet) => outlet.flush()).some(Boolean);
        if (!this.readAll() && !sent) break;
      }
      for (const { reader } of sender.lanes) {
        expect(reader.watermarkMs).toBe(sender.given.at(-1) ?? Number.NEGATIVE_INFINITY);
      }
      for (const outlet of sender.outlets) {
        for (let tries = 0; !outlet.end(); tries++) {
          expect(tries, 'an outlet must come to its end when its lanes are read').toBeLessThan(5_000);
          this.readFrame();
        }
      }
      this.readAll();
      for (const lane of [...sender.lanes, ...sender.besideLanes]) {
        expect(lane.expected, 'records were lost').toEqual([[], []]);
        expect(lane.reader.ended).toBe(true);
      }
      expect(sender.recordsOut).toBe(sender.sent);
      expect(sender.refused).toBe(sender.toRefuse);
    }
  }
}
