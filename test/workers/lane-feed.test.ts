import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameEncoder } from '../../engine/frame/index.ts';
import type { OperatorNode } from '../../engine/graph/operator-node.ts';
import { LaneReader } from '../../engine/lane/lane-reader.ts';
import { LaneWriter } from '../../engine/lane/lane-writer.ts';
import { compileChain } from '../../engine/operators/chain-compiler.ts';
import type { ChainStep, OnThrow } from '../../engine/operators/chain-step.ts';
import { laneChain } from '../../engine/operators/lane-chain.ts';
import { RingConsumer, RingProducer, SpscRing } from '../../engine/queue/index.ts';
import { LaneFeed } from '../../workers/lane-feed.ts';
import { build, RecordingOutlet, type Shape } from '../engine/operators/chain-steps.ts';

const nothing = (): void => {};
const counters = { recordsIn: nothing, bytesIn: nothing, occupancy: nothing, wait: { record: nothing } };

/** A lane of two ends on this thread. */
function lane(laneBytes = 1 << 16): {
  send: (records: readonly unknown[]) => void;
  feed: LaneFeed;
  producer: RingProducer;
} {
  const sab = SpscRing.allocate(laneBytes);
  const producer = new RingProducer(sab);
  const writer = new LaneWriter(producer);
  const encoder = new FrameEncoder();
  const feed = new LaneFeed([new LaneReader(new RingConsumer(sab))], counters, () => 0);
  const send = (records: readonly unknown[]): void => {
    expect(writer.send(0, encoder, records, 0, records.length, 0, 0)).toBe('sent');
  };
  return { send, feed, producer };
}

const policy = fc.constantFrom('fail' as const, 'skip' as const, 'dead-letter' as const);

/** Trees without outlets: what a stage that only aggregates does with a frame. */
const trees: fc.Arbitrary<readonly Shape[]> = fc.letrec<{ list: readonly Shape[]; step: Shape }>((tie) => ({
  list: fc.array(tie('step'), { minLength: 1, maxLength: 3, depthIdentifier: 'tree' }),
  step: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 3 },
    fc.record({ kind: fc.constant('aggregate' as const), policy }),
    fc.record({
      kind: fc.constantFrom('map' as const, 'filter' as const, 'peek' as const),
      n: fc.nat({ max: 5 }),
      policy,
      next: tie('list'),
    }),
  ),
})).list;

/** What happened to all records, taken through the tree by a chain that `make` makes. */
function logOf(tree: readonly Shape[], take: (steps: readonly ChainStep[], onThrow: OnThrow) => void): string[] {
  const { steps, outlets, log } = build(tree);
  const onThrow: OnThrow = (error, culprit, record, index) => {
    const told = culprit.policy === 'dead-letter' ? ` on ${String(record)}` : '';
    log.push(`${culprit.name} threw ${(error as Error).message}${told} at ${index}`);
    if (culprit.policy === 'fail') throw error;
  };
  try {
    take(steps, onThrow);
  } catch (error) {
    log.push(`failed: ${(error as Error).message}`);
  }
  for (const { table } of outlets)
    for (const { key, value } of table.entries()) log.push(`${String(key)} = ${String(value)}`);
  return log;
}

describe('a frame in its lane', () => {
  it('is taken in place as its records would be: same calls, same faults, same sums, in whatever slices', () => {
    const frames = fc.array(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 40 }), { maxLength: 12 });
    fc.assert(
      fc.property(trees, frames, fc.integer({ min: 1, max: 80 }), (tree, batches, slice) => {
        const overRecords = logOf(tree, (steps, onThrow) => {
          const chain = compileChain({ kind: 'batch' }, steps, onThrow);
          for (const batch of batches) for (let at = 0; at < batch.length; ) at = chain(batch, at, batch.length);
        });
        const overFrames = logOf(tree, (steps, onThrow) => {
          const { send, feed } = lane();
          const chain = laneChain(feed, { kind: 'batch' }, steps, onThrow);
          for (const batch of batches) {
            send(batch);
            expect(feed.refill()).toBe('made');
            while (feed.cursor < feed.count) {
              feed.cursor = chain(feed.records, feed.cursor, Math.min(feed.count, feed.cursor + slice));
              expect(feed.held).toBeUndefined();
            }
          }
        });
        expect(overFrames).toEqual(overRecords);
      }),
      { numRuns: 300 },
    );
  });

  const node: OperatorNode = {
    id: 0,
    operation: { kind: 'merge' },
    inputs: [],
    name: 'sees',
    named: true,
    parallelism: undefined,
    policy: 'fail',
  };
  const fail: OnThrow = (error) => {
    throw error;
  };

  it('gives whole records to functions that keep them, also with fields that are null, absent or of a later type', () => {
    const { send, feed } = lane();
    const kept: unknown[] = [];
    const chain = laneChain(
      feed,
      { kind: 'batch' },
      [{ kind: 'peek', node, fn: (record) => kept.push(record), next: [] }],
      fail,
    );
    const sent: unknown[] = [];
    for (let frame = 0; frame < 40; frame++) {
      const records = Array.from({ length: 10 }, (_, i) => {
        if (frame < 10) return { a: i, b: `text ${frame}` };
        if (frame < 20) return i % 3 === 0 ? { a: null, b: 'x' } : { a: i, b: undefined };
        return i % 4 === 0 ? { a: [i], c: new Date(i) } : { a: `${i}`, b: 7n };
      });
      send(records);
      sent.push(...records);
      while (feed.refill() === 'made') feed.cursor = chain(feed.records, 0, feed.count);
    }
    expect(kept).toEqual(sent);
  });

  it('is given back to its sender after each batch, so that a small lane carries any number of frames', () => {
    const { send, feed } = lane(4096);
    let total = 0;
    const chain = laneChain(
      feed,
      { kind: 'batch' },
      [{ kind: 'peek', node, fn: (record) => (total += record as number), next: [] }],
      fail,
    );
    for (let frame = 0; frame < 1000; frame++) {
      send(Array.from({ length: 100 }, () => 1));
      expect(feed.refill()).toBe('made');
      feed.cursor = chain(feed.records, 0, feed.count);
    }
    expect(total).toBe(100_000);
  });

  it('is decoded where an outlet may fill up in the middle of it', () => {
    const { send, feed } = lane();
    const log: string[] = [];
    const outlet = new RecordingOutlet(log, 'outlet');
    const chain = laneChain(feed, { kind: 'batch' }, [{ kind: 'push', node, outlet }], fail);
    for (let frame = 0; frame < 10; frame++) {
      send([4, 5, 6]);
      feed.refill();
      feed.cursor = chain(feed.records, 0, 3);
      expect(feed.cursor).toBe(2);
      outlet.drain();
      feed.cursor = chain(feed.records, 2, 3);
      expect(feed.cursor).toBe(3);
    }
    expect(log).toHaveLength(30);
  });

  it('stays unread when the job fails on one of its records, and the error is the operator’s', () => {
    const { send, feed } = lane();
    const thrown = new RangeError('seven');
    const steps: ChainStep[] = [
      {
        kind: 'peek',
        node,
        fn: (record) => {
          if (record === 7) throw thrown;
        },
        next: [],
      },
    ];
    const seen: number[] = [];
    const chain = laneChain(feed, { kind: 'batch' }, steps, (error, _node, _record, index) => {
      seen.push(index);
      throw error;
    });
    for (let frame = 0; frame < 10; frame++) {
      send(frame === 9 ? [1, 2, 7, 3] : [1, 2, 3]);
      feed.refill();
      if (frame < 9) feed.cursor = chain(feed.records, 0, 3);
      else expect(() => chain(feed.records, 0, 4)).toThrow(thrown);
    }
    expect(seen).toEqual([2]);
  });
});
