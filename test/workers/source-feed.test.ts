import { describe, expect, it } from 'vitest';
import type { ReadResult, Source } from '../../engine/connector/source.ts';
import { collect, type DeadLetter, job } from '../../index.ts';
import { simulate, VirtualClock } from '../../testing/index.ts';
import { SourceFeed } from '../../workers/source-feed.ts';

function feedOf(read: () => ReadResult<number>): SourceFeed {
  const source: Source<number> = {
    name: 'numbers',
    bounded: true,
    splits: () => [{ id: 'all' }],
    open: () => ({ read }),
  };
  let next = 0;
  return new SourceFeed(source, [{ id: 'all' }], {
    nowNs: () => 0,
    context: { wake: () => {}, signal: new AbortController().signal, malformed: () => {}, nowMs: () => 0 },
    takeSplit: () => next++,
    draining: () => false,
    read: () => {},
    progress: () => {},
    place: (error) => error,
  });
}

describe('a source as its actor sees it', () => {
  it('gives the other actors of the worker their turn after each read that brought no record', () => {
    // As a file does in which line after line is malformed: dead letters must leave, and the job must be able to stop.
    let reads = 0;
    const feed = feedOf(() => (++reads <= 3 ? [] : reads === 4 ? [7] : 'done'));
    expect(feed.refill()).toBe('empty');
    expect(reads).toBe(1);
    expect([feed.refill(), feed.refill(), feed.refill()]).toEqual(['empty', 'empty', 'made']);
    expect(feed.records.slice(feed.cursor, feed.count)).toEqual([7]);
    feed.cursor = feed.count;
    expect(feed.refill()).toBe('done');
  });
});

it('a dead letter of malformed input is as old as its reading, whenever its source was first read', async () => {
  const source: Source<number> = {
    name: 'broken',
    bounded: true,
    splits: () => [{ id: 'all' }],
    open: (_, context) => {
      let read = false;
      return {
        read() {
          if (read) return 'done';
          read = true;
          context.malformed(new Error('no number'), 'x');
          return [];
        },
      };
    },
  };
  const broken = job('broken', (flow) => {
    flow.from(source).onError(collect<DeadLetter>('dead')).to(collect('answer'));
  });
  const clock = new VirtualClock(3_600e9);
  const { results, stages } = await simulate(broken, { clock, seed: 1 });
  expect(results['dead']).toMatchObject([{ message: 'no number', record: 'x' }]);
  const age = stages.find(({ operators }) => operators.includes('collect(dead)'))?.age;
  expect(age?.count).toBe(1);
  expect(age?.maxNs).toBeLessThan(1e9);
});
