// When an actor sends what its operators have staged.

import { describe, expect, it } from 'vitest';
import type { ReadResult, Source } from '../../engine/connector/source.ts';
import { LIMITS } from '../../engine/limits.ts';
import { allocateMetrics } from '../../engine/metrics/metrics-layout.ts';
import { StageRecorder } from '../../engine/metrics/stage-recorder.ts';
import type { Chain } from '../../engine/operators/chain-step.ts';
import { ExchangeOutlet } from '../../engine/operators/exchange-outlet.ts';
import { Actor } from '../../workers/actor.ts';
import { Pipeline } from '../../workers/pipeline.ts';
import { SourceFeed } from '../../workers/source-feed.ts';
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
    { nowNs, service: recorder.service, enter: () => {}, age: recorder.age },
    LIMITS.frameRecords,
  );
  return { actor: new Actor('stage', [pipeline], recorder, nowNs), lanes };
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
