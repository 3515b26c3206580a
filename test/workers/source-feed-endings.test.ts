import { expect, it } from 'vitest';
import type { ReadResult, Source, SplitReader } from '../../engine/connector/source.ts';
import { SourceFeed } from '../../workers/source-feed.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A feed over one split whose reader is opened as told, and what its worker would see. */
function driven(open: Source<number>['open']): { feed: SourceFeed; drain: () => void; passMs: (ms: number) => void } {
  let nowNs = 0;
  let draining = false;
  let next = 0;
  let feed: SourceFeed | undefined;
  const source: Source<number> = { name: 'numbers', bounded: false, splits: () => [{ id: 'all' }], open };
  feed = new SourceFeed(source, [{ id: 'all' }], {
    nowNs: () => nowNs,
    context: {
      wake: () => feed?.wake(),
      signal: new AbortController().signal,
      malformed: () => {},
      nowMs: () => nowNs / 1e6,
    },
    takeSplit: () => next++,
    draining: () => draining,
    read: () => {},
    progress: () => {},
    place: (error) => error,
  });
  return {
    feed,
    drain: () => {
      draining = true;
    },
    passMs: (ms) => {
      nowNs += ms * 1e6;
    },
  };
}

it('asks a source whose promise came to idle again only once it wakes', async () => {
  let reads = 0;
  let wake = (): void => {};
  const { feed } = driven((_, context) => {
    wake = context.wake;
    return { read: async (): Promise<ReadResult<number>> => (++reads === 1 ? 'idle' : [reads]) };
  });
  for (let i = 0; i < 10; i++) {
    feed.refill();
    await turn();
  }
  expect(reads).toBe(1);
  expect(feed.refill()).toBe('asleep');
  wake();
  feed.refill();
  await turn();
  expect(feed.refill()).toBe('made');
  expect(feed.records).toEqual([2]);
});

it('asks again at once when the source woke while its promise of idle was under way', async () => {
  let reads = 0;
  const { feed } = driven((_, context) => ({
    async read(): Promise<ReadResult<number>> {
      if (++reads > 1) return [7];
      await turn();
      context.wake();
      return 'idle';
    },
  }));
  let refill = feed.refill();
  for (let i = 0; i < 10 && refill !== 'made'; i++) {
    await turn();
    refill = feed.refill();
  }
  expect(feed.records).toEqual([7]);
});

it('tells of a read that failed, though the job drains', async () => {
  const { feed, drain } = driven(() => ({ read: () => Promise.reject(new Error('the disk is gone')) }));
  expect(feed.refill()).toBe('asleep');
  await turn();
  drain();
  expect(() => feed.refill()).toThrow('the disk is gone');
});

it('closes a reader that has opened but was never read, when the job drains and when it is torn down', async () => {
  for (const end of ['drain', 'close'] as const) {
    let closes = 0;
    const reader: SplitReader<number> = { read: () => 'done', close: () => void closes++ };
    const { feed, drain } = driven(async () => reader);
    feed.refill();
    await turn();
    if (end === 'drain') {
      drain();
      expect(feed.refill()).toBe('done');
    } else await feed.close();
    expect(closes).toBe(1);
  }
});

it('only warns when a reader that opened too late cannot be closed', async () => {
  const warnings: string[] = [];
  const rejections: unknown[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('warning', onWarning).on('unhandledRejection', onRejection);
  try {
    let opened = (_: SplitReader<number>): void => {};
    const { feed, drain, passMs } = driven(() => new Promise((resolve) => (opened = resolve)));
    feed.refill();
    drain();
    expect(feed.refill()).toBe('asleep');
    passMs(1_000);
    expect(feed.refill()).toBe('done');
    opened({ read: () => 'done', close: () => Promise.reject(new Error('still busy')) });
    await turn();
    await turn();
    expect(rejections).toEqual([]);
    expect(warnings).toEqual(['closing numbers failed: still busy']);
  } finally {
    process.off('warning', onWarning).off('unhandledRejection', onRejection);
  }
});

it('waits at its end for readers that take a while to close, but not for one that never does', async () => {
  let closed = false;
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 50)).then(() => {
    closed = true;
  });
  const { feed } = driven(() => ({ read: () => 'done', close: () => slow }));
  while (feed.refill() !== 'done') await turn();
  expect(closed).toBe(false);
  await feed.close();
  expect(closed).toBe(true);

  const { feed: stuck } = driven(() => ({ read: () => 'done', close: () => new Promise(() => {}) }));
  while (stuck.refill() !== 'done') await turn();
  await stuck.close();
});
