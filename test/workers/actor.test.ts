// When an actor sends on or writes what its operators have staged.

import { describe, expect, it } from 'vitest';
import type { ReadResult, Source } from '../../engine/connector/source.ts';
import { FrameEncoder } from '../../engine/frame/index.ts';
import type { OperatorNode } from '../../engine/graph/operator-node.ts';
import { LIMITS } from '../../engine/limits.ts';
import { allocateMetrics } from '../../engine/metrics/metrics-layout.ts';
import { StageRecorder } from '../../engine/metrics/stage-recorder.ts';
import type { Chain } from '../../engine/operators/chain-step.ts';
import { ExchangeOutlet } from '../../engine/operators/exchange-outlet.ts';
import type { Faults } from '../../engine/operators/faults.ts';
import { SinkOutlet } from '../../engine/operators/sink-outlet.ts';
import { Actor } from '../../workers/actor.ts';
import { LaneFeed } from '../../workers/lane-feed.ts';
import { Pipeline } from '../../workers/pipeline.ts';
import { SourceFeed } from '../../workers/source-feed.ts';
import { StepClock } from '../../workers/step-clock.ts';
import { TestLanes } from '../engine/operators/lanes.ts';

/** An actor that reads from `read` and sends to one receiver; its clock stands still. */
function actorOver(read: (maxRecords: number) => ReadResult<unknown>): { actor: Actor; lanes: TestLanes } {
  const source: Source<unknown> = {
    name: 'source',
    bounded: true,
    splits: () => [{ id: 'all' }],
    open: () => ({ read }),
  };
  let split = 0;
  const nowNs = (): number => 1;
  const clock = new StepClock(nowNs);
  const feed = new SourceFeed(source, [{ id: 'all' }], {
    nowNs,
    context: { wake: () => {}, signal: new AbortController().signal, malformed: () => {}, nowMs: () => 0 },
    takeSplit: () => split++,
    draining: () => false,
    read: () => {},
    progress: () => {},
    place: (error) => error,
  });
  const lanes = new TestLanes(1, 65_536);
  const outlet = new ExchangeOutlet({
    writers: lanes.writers,
    schema: undefined,
    broadcast: false,
    timed: false,
    counters: { recordsOut: () => {}, bytesOut: () => {} },
    nowNs,
    refused: (error) => {
      throw error;
    },
  });
  const chain = ((records: readonly unknown[], from: number, to: number): number => {
    for (let i = from; i < to; i++) outlet.push(records[i]);
    return to;
  }) as Chain;
  const recorder = new StageRecorder(new Float64Array(allocateMetrics(1, 1)));
  const pipeline = new Pipeline(
    feed,
    [chain],
    [outlet],
    [],
    { service: recorder.service, enter: () => {}, age: recorder.age },
    clock,
    LIMITS.frameRecords,
  );
  return { actor: new Actor('stage', [pipeline], recorder, clock), lanes };
}

describe('an actor whose source has something at every read', () => {
  it('sends a short batch at once to a receiver that has read everything', () => {
    let made = 0;
    const { actor, lanes } = actorOver(() => [{ i: made++ }]);
    for (let step = 0; step < 5; step++) {
      expect(actor.step()).toBe('made');
      expect(lanes.records(0)).toEqual([{ i: step }]);
    }
  });

  it('gathers while its receiver is behind, and sends together what came meanwhile', () => {
    let made = 0;
    const { actor, lanes } = actorOver(() => [{ i: made++ }]);
    for (let step = 0; step < 10; step++) actor.step();
    expect(lanes.frames(0).map(({ records }) => records.length)).toEqual([1]);
    actor.step();
    expect(lanes.frames(0).map(({ records }) => records.length)).toEqual([10]);
  });

  it('sends a receiver that is behind one frame and no more, however often it looks in vain', () => {
    let reads = 0;
    const { actor, lanes } = actorOver(() => (++reads % 2 === 0 ? [] : [{ i: reads }]));
    for (let step = 0; step < 40; step++) expect(actor.step()).toBe('made');
    expect(lanes.frames(0).map(({ records }) => records.length)).toEqual([1]);
    // It has read that one: the others leave, also at a look in vain.
    reads++;
    actor.step();
    expect(lanes.frames(0).map(({ records }) => records.length)).toEqual([19]);
  });

  it('fills frames when there is more to read than one holds', () => {
    let made = 0;
    const { actor, lanes } = actorOver((most) => Array.from({ length: most }, () => ({ i: made++ })));
    const lengths: number[] = [];
    for (let step = 0; step < 100; step++) {
      actor.step();
      lengths.push(...lanes.frames(0).map(({ records }) => records.length));
    }
    expect(lengths.length).toBeGreaterThan(10);
    expect(new Set(lengths)).toEqual(new Set([LIMITS.frameRecords]));
  });

  it('sends what is left when there is nothing more to read', () => {
    let reads = 0;
    const { actor, lanes } = actorOver(() => (reads++ < 3 ? [{ i: reads }] : 'idle'));
    for (let step = 0; step < 3; step++) actor.step();
    expect(lanes.records(0)).toEqual([{ i: 1 }]);
    actor.step();
    actor.step();
    expect(lanes.records(0)).toEqual([{ i: 2 }, { i: 3 }]);
  });
});

describe('an actor that receives and writes', () => {
  /** Sends one record a frame; reads with the actor under test, which has a sink whose writes are written down. */
  function receiving(write: (batch: readonly unknown[]) => void | Promise<void>, senders = 1) {
    const lanes = new TestLanes(senders, 65_536);
    const encoder = new FrameEncoder();
    const nowNs = (): number => 1;
    const clock = new StepClock(nowNs);
    const recorder = new StageRecorder(new Float64Array(allocateMetrics(1, 1)));
    const feed = new LaneFeed(lanes.readers, recorder, nowNs);
    const node = { id: 0, name: 'sink' } as unknown as OperatorNode;
    const sink = new SinkOutlet({ write }, node, undefined as unknown as Faults, recorder, () => {});
    const chain = ((records: readonly unknown[], from: number): number => {
      feed.decode();
      for (let i = from; i < feed.count; i++) sink.push(records[i]);
      return feed.count;
    }) as Chain;
    const pipeline = new Pipeline(
      feed,
      [chain],
      [sink],
      [],
      { service: recorder.service, enter: () => {}, age: recorder.age },
      clock,
      LIMITS.frameRecords,
    );
    const sendFrom = (sender: number, records: readonly unknown[]): void => {
      expect(lanes.writers[sender]!.send(0, encoder, records, 0, records.length, 0, 0)).toBe('sent');
    };
    return {
      actor: new Actor('stage', [pipeline], recorder, clock),
      send: (record: unknown): void => sendFrom(0, [record]),
      sendFrom,
    };
  }

  it('takes a short frame from each sender in one step', () => {
    const written: unknown[] = [];
    const { actor, sendFrom } = receiving((batch) => void written.push(...batch), 3);
    for (const sender of [0, 1, 2, 0]) sendFrom(sender, [{ sender }]);
    actor.step();
    expect(written).toEqual([{ sender: 0 }, { sender: 1 }, { sender: 2 }]);
    actor.step();
    expect(written.slice(3)).toEqual([{ sender: 0 }]);
  });

  it('takes one long frame a step, so that the other actors of its thread have their turn', () => {
    const written: unknown[] = [];
    const { actor, sendFrom } = receiving((batch) => void written.push(...batch), 2);
    const long = Array.from({ length: 30 }, (_, i) => ({ i }));
    sendFrom(0, long);
    sendFrom(1, [{ i: -1 }]);
    actor.step();
    expect(written).toEqual(long);
    actor.step();
    expect(written).toEqual([...long, { i: -1 }]);
  });

  it('writes a frame behind which there is nothing at once, and others together', () => {
    const written: unknown[][] = [];
    const { actor, send } = receiving((batch) => void written.push([...batch]));
    send({ i: 0 });
    actor.step();
    expect(written).toEqual([[{ i: 0 }]]);
    for (const i of [1, 2, 3]) send({ i });
    for (let step = 0; step < 3; step++) actor.step();
    expect(written.slice(1)).toEqual([[{ i: 1 }, { i: 2 }, { i: 3 }]]);
  });

  it('gathers while a write is under way', async () => {
    const written: unknown[][] = [];
    let finish = (): void => {};
    const { actor, send } = receiving((batch) => {
      written.push([...batch]);
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    for (const i of [0, 1, 2]) {
      send({ i });
      actor.step();
    }
    expect(written).toEqual([[{ i: 0 }]]);
    finish();
    await new Promise((turn) => setImmediate(turn));
    for (let step = 0; step < 3; step++) actor.step();
    expect(written.flat()).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }].slice(0, written.flat().length));
    finish();
    await new Promise((turn) => setImmediate(turn));
    for (let step = 0; step < 3; step++) actor.step();
    expect(written.flat()).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
  });
});
