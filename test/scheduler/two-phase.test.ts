// All sinks of a job show their output, or none does: commit() is called on every writer after every prepare(), or abort() is.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, jobUrl } from './built-jobs.ts';

let folder: string;
let runs = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-two-phase-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Traced {
  readonly log: string;
  /** `left 0 commit`: sink, writer, call. */
  calls(): string[];
}

function trace(): Traced {
  const log = join(folder, `${runs++}.log`);
  return { log, calls: () => readFileSync(log, 'utf8').trim().split('\n') };
}

const WRITERS = ['left 0', 'left 1', 'right 0', 'right 1'];
const called = (calls: readonly string[], what: string): string[] =>
  calls
    .filter((call) => call.endsWith(` ${what}`))
    .map((call) => call.slice(0, -what.length - 1))
    .sort();

describe('the sinks of a job', () => {
  it('are all prepared before the first is committed', async () => {
    const { log, calls } = trace();
    await run(jobUrl('two-phase'), { workers: 2, params: { log } }).completed;
    const made = calls();
    for (const call of ['open', 'prepare', 'commit']) expect(called(made, call)).toEqual(WRITERS);
    expect(called(made, 'abort')).toEqual([]);
    const lastPrepare = made.findLastIndex((call) => call.endsWith('prepare'));
    expect(made.findIndex((call) => call.endsWith('commit'))).toBeGreaterThan(lastPrepare);
  });

  it.each(['left.write', 'right.write', 'left.prepare', 'right.prepare'])(
    'are all aborted, and none committed, when %s fails',
    async (fails) => {
      const { log, calls } = trace();
      const error = await failureOf(run(jobUrl('two-phase'), { workers: 2, params: { log, fails } }).completed);
      const [sink, call] = fails.split('.');
      expect(error.code).toBe('ERR_SINK');
      expect(error.message).toContain(`${sink} cannot ${call}`);
      expect(error.place).toMatchObject({ job: 'two-phase', operator: sink });
      expect(error.place.stage).toContain(sink);
      expect(error.message).toMatch(/nothing of this run has been made visible/i);
      expect(called(calls(), 'commit')).toEqual([]);
      expect(called(calls(), 'abort')).toEqual(WRITERS);
    },
  );

  it('that were opened are aborted when another cannot be opened', async () => {
    const { log, calls } = trace();
    const fails = 'right.open';
    const error = await failureOf(run(jobUrl('two-phase'), { workers: 2, params: { log, fails } }).completed);
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toMatch(/the sink right cannot be opened: right cannot open/);
    expect(error.place).toMatchObject({ job: 'two-phase', stage: 'right', operator: 'right' });
    expect(called(calls(), 'abort')).toEqual(called(calls(), 'open').filter((writer) => writer.startsWith('left')));
    expect(called(calls(), 'commit')).toEqual([]);
  });

  it('that were committed are not aborted when another cannot commit', async () => {
    const { log, calls } = trace();
    const fails = 'right.commit';
    const error = await failureOf(run(jobUrl('two-phase'), { workers: 2, params: { log, fails } }).completed);
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toMatch(/making the output visible failed: right cannot commit/);
    expect(called(calls(), 'commit')).toEqual(WRITERS);
    expect(called(calls(), 'abort')).toEqual(['right 0', 'right 1']);
  });

  it('that cannot clean up do not hide what failed first, and the others clean up', async () => {
    const { log, calls } = trace();
    const fails = 'left.abort';
    const handle = run(jobUrl('two-phase'), { workers: 2, params: { log, fails, records: 2 ** 40 } });
    setTimeout(() => void handle.stop({ drain: false }), 150);
    expect((await handle.completed).outcome).toBe('aborted');
    expect(called(calls(), 'abort')).toEqual(called(calls(), 'open'));
  });

  it('of responsive threads are aborted when another thread hangs', async () => {
    const { log, calls } = trace();
    const params = { log, hangs: 'right.prepare' };
    const error = await failureOf(run(jobUrl('two-phase'), { workers: 1, stallTimeoutMs: 500, params }).completed);
    expect(error.code).toBe('ERR_STAGE_STALLED');
    expect(error.place).toMatchObject({ job: 'two-phase', stage: 'right', worker: 0 });
    expect(called(calls(), 'commit')).toEqual([]);
  });

  it('are committed after a drain, and aborted without one', async () => {
    for (const [drain, kept, other] of [
      [true, 'commit', 'abort'],
      [false, 'abort', 'commit'],
    ] as const) {
      const { log, calls } = trace();
      const handle = run(jobUrl('two-phase'), { workers: 2, params: { log, records: 2 ** 40 } });
      while ((handle.metrics().stages[0]?.recordsIn ?? 0) < 10_000) await new Promise((done) => setTimeout(done, 5));
      await handle.stop({ drain });
      expect((await handle.completed).outcome).toBe(drain ? 'drained' : 'aborted');
      expect(called(calls(), kept)).toEqual(WRITERS);
      expect(called(calls(), other)).toEqual([]);
    }
  });
});
