// Ending a job early: by stop() with and without a drain, by an AbortSignal, by leaving its scope; at any moment of its life.

import { getEventListeners } from 'node:events';
import { type JobHandle, type RunOptions, run } from 'millrace';
import { describe, expect, it } from 'vitest';
import { failureOf, jobUrl } from './built-jobs.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function start(source: string, options: RunOptions = {}, openMs = 0): JobHandle {
  return run(jobUrl('stoppable'), { workers: 2, ...options, params: { source, openMs } });
}

async function untilRead(handle: JobHandle, records: number): Promise<void> {
  while ((handle.metrics().stages[0]?.recordsIn ?? 0) < records) await sleep(2);
}

describe('stop({ drain: true })', () => {
  it.each(['generate', 'promised', 'ticking'])('finishes what %s has read, and all of it', async (source) => {
    const handle = start(source);
    await untilRead(handle, 300);
    await handle.stop();
    const { outcome, results, stages } = await handle.completed;
    expect(outcome).toBe('drained');
    const seen = results['seen'] as number[];
    expect(seen.length).toBe(stages[0]?.recordsIn);
    expect(new Set(seen).size).toBe(seen.length);
    // From the start of each split without a gap.
    if (source === 'ticking') expect([...seen].sort((a, b) => a - b)).toEqual(seen.map((_, i) => i));
  });

  it.each(['idle', 'never'])('ends soon though its source is %s answering', async (source) => {
    const handle = start(source);
    await untilRead(handle, 3);
    const startedMs = performance.now();
    await handle.stop({ drain: true });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    const { outcome, results } = await handle.completed;
    expect(outcome).toBe('drained');
    expect([...(results['seen'] as number[])].sort()).toEqual([1, 2, 3]);
  });

  it('before anything is deployed gives an empty result, not a hang', async () => {
    const handle = start('generate');
    await handle.stop({ drain: true });
    expect(await handle.completed).toMatchObject({ outcome: 'drained', results: { seen: [] } });
  });

  it('while sinks are still opening waits for them and drains', async () => {
    const handle = start('ticking', {}, 300);
    await sleep(120);
    await handle.stop({ drain: true });
    expect((await handle.completed).outcome).toBe('drained');
  });
});

describe('stop({ drain: false })', () => {
  it.each(['generate', 'promised', 'ticking', 'idle', 'never'])('aborts a job on %s at once', async (source) => {
    const handle = start(source);
    await untilRead(handle, 3);
    const startedMs = performance.now();
    await handle.stop({ drain: false });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect((await handle.completed).outcome).toBe('aborted');
  });

  it('before anything is deployed starts no thread', async () => {
    const handle = start('generate');
    await handle.stop({ drain: false });
    const { outcome, results, stages } = await handle.completed;
    expect({ outcome, results, stages }).toEqual({ outcome: 'aborted', results: {}, stages: [] });
  });

  it('does not wait for a source that is still listing its splits', async () => {
    const stopped = start('unlisted');
    await sleep(100);
    await stopped.stop({ drain: false });
    expect((await stopped.completed).outcome).toBe('aborted');
    const controller = new AbortController();
    const failure = failureOf(start('unlisted', { signal: controller.signal }).completed);
    await sleep(100);
    controller.abort(new Error('enough'));
    expect(await failure).toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('while a sink is still opening does not wait for it for long', async () => {
    const handle = start('ticking', {}, 60_000);
    await sleep(200);
    const startedMs = performance.now();
    await handle.stop({ drain: false });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    expect((await handle.completed).outcome).toBe('aborted');
  });

  it('overrules a drain that takes too long', async () => {
    const handle = start('generate', {}, 60_000);
    await sleep(150);
    const drained = handle.stop({ drain: true });
    await handle.stop({ drain: false });
    await drained;
    expect((await handle.completed).outcome).toBe('aborted');
  });
});

describe('stop()', () => {
  it('may be called as often as one likes, also after the end', async () => {
    const handle = start('ticking');
    await untilRead(handle, 10);
    await Promise.all([handle.stop(), handle.stop(), handle.stop({ drain: true })]);
    const report = await handle.completed;
    await handle.stop({ drain: false });
    await handle[Symbol.asyncDispose]();
    expect(report.outcome).toBe('drained');
    expect(handle.metrics().stages).toEqual(report.stages);
  });

  it('never rejects, also when the job fails', async () => {
    const handle = run(jobUrl('faulty'), { workers: 1, params: { fault: 'throws' } });
    const failure = failureOf(handle.completed);
    await expect(handle.stop()).resolves.toBeUndefined();
    // Stopped before or after the record that throws: either is right, hanging is not.
    await failure.catch(() => {});
  });
});

describe('leaving the scope of `await using`', () => {
  it('aborts the job and waits for the end of its threads', async () => {
    let handle: JobHandle;
    {
      await using scoped = start('generate');
      handle = scoped;
      await untilRead(scoped, 1);
    }
    expect((await handle.completed).outcome).toBe('aborted');
    expect(
      process.getActiveResourcesInfo().filter((name) => name.includes('MessagePort') || name === 'Worker'),
    ).toEqual([]);
  });
});

describe('an AbortSignal', () => {
  it('that has fired before the start rejects without starting a thread', async () => {
    const startedMs = performance.now();
    const error = await failureOf(start('generate', { signal: AbortSignal.abort(new Error('too late')) }).completed);
    expect(error.code).toBe('ERR_ABORTED');
    expect(error.message).toContain('too late');
    expect(error.cause).toEqual(new Error('too late'));
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it.each(['generate', 'promised', 'ticking', 'idle', 'never'])(
    'that fires in the middle of %s rejects with its reason',
    async (source) => {
      const controller = new AbortController();
      const handle = start(source, { signal: controller.signal });
      await untilRead(handle, 3);
      controller.abort(new RangeError('user went away'));
      const error = await failureOf(handle.completed);
      expect(error.code).toBe('ERR_ABORTED');
      expect(error.place.job).toBe('stoppable');
      expect(error.cause).toBeInstanceOf(RangeError);
    },
  );

  it('that fires while the threads start rejects soon', async () => {
    const controller = new AbortController();
    const handle = start('generate', { signal: controller.signal });
    await sleep(30);
    controller.abort();
    expect((await failureOf(handle.completed)).code).toBe('ERR_ABORTED');
  });

  it('that fires after a drain began still ends the job', async () => {
    const controller = new AbortController();
    const handle = start('never', { signal: controller.signal }, 400);
    await sleep(150);
    void handle.stop({ drain: true });
    controller.abort();
    expect((await failureOf(handle.completed)).code).toBe('ERR_ABORTED');
  });

  it('keeps no listener of a job that is over', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++)
      await run(jobUrl('keyed-sum'), { workers: 1, params: { records: 10 }, signal }).completed;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
