// What goes wrong in a user's code, and what the user is told: a code to act on, where it happened, and what to do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeadLetter, type JobReport, type MillraceError, run } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, jobUrl, report } from './built-jobs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-failures-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function faulty(fault: string, policy = 'fail'): Promise<JobReport> {
  return report('faulty', { workers: 2, laneBytes: 65_536, stallTimeoutMs: 800, params: { fault, policy } });
}

function moduleOf(text: string): string {
  const file = join(folder, `job-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, text);
  return file;
}

/** The message says where: in words, and as data. */
function expectPlace(error: MillraceError, place: MillraceError['place']): void {
  expect(error.place).toMatchObject(place);
  for (const part of Object.values(place)) expect(error.message).toContain(String(part));
}

describe('a module that is no job', () => {
  const cases = [
    ['does not exist', () => join(folder, 'nowhere.mjs'), /nowhere\.mjs cannot be imported.*(Cannot find|ENOENT)/],
    ['has a syntax error', () => moduleOf('export default ((;'), /cannot be imported: Unexpected token/],
    ['throws while it loads', () => moduleOf('throw new Error("no database")'), /cannot be imported: no database/],
    ['exports nothing by default', () => moduleOf('export const job = 1;'), /no default export/],
    ['exports something else', () => moduleOf('export default { name: "x" };'), /its default export is no job/],
    ['exports null', () => moduleOf('export default null;'), /its default export is no job/],
  ] as const;
  for (const [what, module, message] of cases) {
    it(`is refused when it ${what}`, async () => {
      const error = await failureOf(run(module(), { workers: 1 }).completed);
      expect(error.code).toBe('ERR_JOB_MODULE');
      expect(error.message).toMatch(message);
    });
  }
});

describe('options', () => {
  const refusal = (options: object): MillraceError => {
    try {
      run(jobUrl('faulty'), options as never);
    } catch (error) {
      return error as MillraceError;
    }
    throw new Error('the options were accepted');
  };

  it('that do not exist are refused at once, with those that do', () => {
    const error = refusal({ worker: 2, laneByte: 1 });
    expect(error.code).toBe('ERR_OPTION_UNKNOWN');
    expect(error.message).toMatch(/'worker', 'laneByte'.*it has workers/);
  });

  it('outside their rules are reported all together, each with its rule and its value', () => {
    const error = refusal({
      workers: 0,
      laneBytes: 5000,
      params: { password: { secret: 'hunter2' } },
      preaggregate: 'yes',
      stallTimeoutMs: -1,
      idle: 'never',
      signal: 'stop',
      onNotice: 3,
    });
    expect(error.code).toBe('ERR_OPTION_INVALID');
    for (const part of [
      'workers must be a whole number from 1 to 256: got 0',
      'laneBytes must be a power of two from 4096 to 268435456: got 5000',
      'params.password',
      'preaggregate must be true or false: got yes',
      'stallTimeoutMs must be a whole number from 0',
      "idle must be 'park' or 'spin': got never",
      'signal must be an AbortSignal',
      'onNotice must be a function',
    ]) {
      expect(error.message).toContain(part);
    }
    expect(error.message).not.toContain('hunter2');
  });

  it.each([0, 10_000, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2'])('refuse %s workers', (workers) => {
    const error = refusal({ workers });
    expect(error.code).toBe('ERR_OPTION_INVALID');
    expect(error.message).toContain(`workers must be a whole number from 1 to 256: got ${workers}`);
  });

  it.each([0, 2048, 4095, 4097, 536_870_912])('refuse lanes of %s bytes', (laneBytes) => {
    expect(refusal({ laneBytes }).message).toContain(`got ${laneBytes}`);
  });

  it('are copied: what the caller changes later does not reach the job', async () => {
    const params = { fault: 'throws', policy: 'skip' };
    const handle = run(jobUrl('faulty'), { workers: 1, params });
    params.policy = 'fail';
    expect((await handle.completed).outcome).toBe('finished');
  });
});

describe('a job that cannot be built', () => {
  it('is refused for a parameter that it does not know, with those that it takes', async () => {
    const error = await failureOf(report('faulty', { workers: 1, params: { fualt: 'throws', polic: 1 } }));
    expect(error.code).toBe('ERR_PARAM_INVALID');
    expect(error.message).toMatch(/'fualt'.*takes fault, policy.*'polic'/);
    expectPlace(error, { job: 'faulty' });
  });

  it('is refused when its build function throws, with the cause', async () => {
    const error = await failureOf(faulty('nonsense'));
    expect(error.code).toBe('ERR_JOB_GRAPH');
    expect(error.message).toMatch(/build function threw: no fault 'nonsense'/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('is refused when another thread builds another graph, with the difference named', async () => {
    const error = await failureOf(faulty('differs'));
    expect(error.code).toBe('ERR_JOB_DIFFERS');
    expect(error.message).toMatch(
      /the scheduler built: .*collect.*; the worker built: .*map.*must depend on its parameters/,
    );
    expectPlace(error, { job: 'faulty' });
  });
});

describe('an operator', () => {
  it('that throws fails the job, and the error names job, stage, operator, record, cause and remedies', async () => {
    const error = await failureOf(faulty('throws'));
    expect(error.code).toBe('ERR_OPERATOR');
    expectPlace(error, { job: 'faulty', stage: 'parse', operator: 'parse', position: 'record 1234' });
    expect(error.message).toMatch(/threw: no such field.*onError\('skip'\).*dead-letter/);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((error.cause as Error).stack).toContain('faulty.js');
  });

  it('that throws undefined fails the job all the same', async () => {
    const error = await failureOf(faulty('throwsUndefined'));
    expect(error.code).toBe('ERR_OPERATOR');
    expect(error.message).toContain('threw: undefined');
  });

  it('that throws in the key function is named by the key', async () => {
    const error = await failureOf(faulty('keyThrows'));
    expect(error.code).toBe('ERR_OPERATOR');
    expectPlace(error, { operator: 'keyBy#1', position: 'record 1234' });
  });

  it('that throws half way through what it yields fails the job', async () => {
    const error = await failureOf(faulty('flatMapThrows'));
    expect(error.code).toBe('ERR_OPERATOR');
    expectPlace(error, { job: 'faulty', stage: 'expand', operator: 'expand' });
    expectNear(error, 1234);
  });

  it('that computes a result and throws fails the job by its policy, as any other', async () => {
    const error = await failureOf(faulty('resultThrows'));
    expect(error.code).toBe('ERR_OPERATOR');
    expectPlace(error, { job: 'faulty', operator: 'total' });
    const { results, stages } = await faulty('resultThrows', 'dead-letter');
    expect(results['answer']).toHaveLength(9);
    expect(results['dead']).toMatchObject([{ operator: 'total', record: { key: 4 }, message: 'key 4 has no total' }]);
    expect(stages.find(({ stage }) => stage === 'total')).toMatchObject({ recordsDeadLettered: 1 });
  });

  it('that rejects fails the job', async () => {
    const error = await failureOf(faulty('mapAsyncRejects'));
    expect(error.code).toBe('ERR_OPERATOR');
    expectPlace(error, { job: 'faulty', stage: 'call', operator: 'call' });
    expectNear(error, 1234);
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('whose promise never settles runs out of time', async () => {
    const error = await failureOf(faulty('mapAsyncHangs'));
    expect(error.code).toBe('ERR_OPERATOR_TIMEOUT');
    expect(error.message).toMatch(/did not settle within timeoutMs=200: raise it/);
    expectPlace(error, { job: 'faulty', stage: 'call', operator: 'call' });
  });

  it('that never returns is noticed, warned of, and its thread is ended within seconds', async () => {
    const notices: string[] = [];
    const startedMs = performance.now();
    const error = await failureOf(
      run(jobUrl('faulty'), {
        workers: 2,
        stallTimeoutMs: 900,
        params: { fault: 'loops' },
        onNotice: ({ kind, message }) => kind === 'stalled' && notices.push(message),
      }).completed,
    );
    expect(error.code).toBe('ERR_STAGE_STALLED');
    expectPlace(error, { job: 'faulty', stage: 'parse', operator: 'rows#0, parse' });
    expect(error.message).toMatch(/stallTimeoutMs=900\).*make it return, or raise stallTimeoutMs/);
    expect(notices.join()).toMatch(
      /stage 'parse' has not returned on worker \d for 0\.\d s; the job fails after 0.9 s/,
    );
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it.each([
    ['exits', /worker exited with code: 7/],
    ['rejectsUnhandled', /nobody listens/],
    ['throwsInCallback', /thrown in a callback/],
  ])('that ends its thread (%s) fails the job with what ended it', async (fault, message) => {
    const error = await failureOf(faulty(fault));
    expect(error.code).toBe('ERR_WORKER_DIED');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Look for process\.exit, an unhandled rejection/);
    expect(error.place.job).toBe('faulty');
    expect(error.place.worker).toBeTypeOf('number');
  });

  it('that exits is named by what its thread was doing', async () => {
    expectPlace(await failureOf(faulty('exits')), { stage: 'parse', operator: 'rows#0, parse' });
  });
});

describe('a source', () => {
  it('that throws half way fails the job', async () => {
    const error = await failureOf(faulty('sourceThrows'));
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toMatch(/failed after 1234 records: the tape broke/);
    expectPlace(error, { job: 'faulty', stage: 'numbers()', operator: 'numbers()#0' });
  });

  it('that rejects half way fails the job', async () => {
    const error = await failureOf(faulty('asyncSourceThrows'));
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toMatch(/failed after 1234 records: the line is dead/);
    expectPlace(error, { job: 'faulty', stage: 'events()', operator: 'events()#0' });
  });

  it('that computes its records says which one it could not', async () => {
    const error = await failureOf(faulty('generatorThrows'));
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toMatch(/the source failed: no such index/);
    expectPlace(error, { job: 'faulty', operator: 'generate#0', position: 'record 1234' });
  });

  it('without its file fails the job before a thread is started', async () => {
    const error = await failureOf(faulty('noFile'));
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toMatch(/no-such-file\.txt/);
    expectPlace(error, { job: 'faulty', operator: 'textLines(/nowhere/no-such-file.txt)#0' });
  });

  it('that leaves its reader half open when another operator fails does not hide that failure', async () => {
    const error = await failureOf(faulty('closeThrows'));
    expect(error.code).toBe('ERR_OPERATOR');
    expect(error.message).toMatch(/threw: the first failure/);
  });
});

describe('a record', () => {
  it('larger than its lane is refused with the limit and the option', async () => {
    const error = await failureOf(faulty('tooLarge'));
    expect(error.code).toBe('ERR_RECORD_TOO_LARGE');
    expect(error.message).toMatch(
      /a frame of 100000\d\d bytes, but its lane takes 327\d\d at most.*raise the option laneBytes/,
    );
    expectPlace(error, { job: 'faulty', stage: 'make', operator: 'make' });
    expectNear(error, 1234);
  });

  it('with a function in it is refused at the exchange, with the path of the field', async () => {
    const error = await failureOf(faulty('function'));
    expect(error.code).toBe('ERR_RECORD_NOT_CLONEABLE');
    expect(error.message).toMatch(/detail\.deep\[0\]\.callback is a function.*Map it to data first/);
    expectPlace(error, { job: 'faulty', stage: 'make', operator: 'make' });
  });
});

describe('the error policy', () => {
  const at = (done: JobReport, stage: string) => done.stages.find((metrics) => metrics.stage === stage);
  const faults = [
    ['throws', 'parse', 'ERR_OPERATOR', 'no such field', 4999],
    ['mapAsyncRejects', 'call', 'ERR_OPERATOR', 'service said no', 4999],
    ['mapAsyncHangs', 'call', 'ERR_OPERATOR_TIMEOUT', 'did not settle within timeoutMs=200', 4999],
    ['flatMapThrows', 'expand', 'ERR_OPERATOR', 'half way', 9999],
    ['function', 'make', 'ERR_RECORD_NOT_CLONEABLE', 'detail.deep[0].callback', 4999],
    ['tooLarge', 'make', 'ERR_RECORD_TOO_LARGE', 'the record is left out', 4999],
  ] as const;

  it.each(faults)('skip leaves the record of %s out and counts it', async (fault, stage, _code, _message, rest) => {
    const done = await faulty(fault, 'skip');
    expect(done.outcome).toBe('finished');
    expect(done.results['answer']).toHaveLength(rest);
    expect(at(done, stage)).toMatchObject({ recordsSkipped: 1, recordsDeadLettered: 0 });
  });

  it.each(faults)(
    'dead letter of %s holds the record, the reason and the place',
    async (fault, stage, code, message, rest) => {
      const done = await faulty(fault, 'dead-letter');
      expect(done.results['answer']).toHaveLength(rest);
      expect(at(done, stage)).toMatchObject({ recordsSkipped: 0, recordsDeadLettered: 1 });
      const [letter, ...more] = done.results['dead'] as DeadLetter[];
      expect(more).toEqual([]);
      expect(letter).toMatchObject({ job: 'faulty', stage, operator: stage, code });
      expect(letter?.message).toContain(message);
      expect(letter?.worker).toBeTypeOf('number');
      expect(letter?.position).toMatch(/record \d+/);
      // What cannot cross to another thread cannot be in the letter either.
      const crosses = fault !== 'function' && fault !== 'tooLarge';
      expect(letter?.record).toEqual(crosses ? { id: 1234, detail: null } : undefined);
    },
  );

  it('delivers every dead letter, also when there are more than a lane holds', async () => {
    const done = await report('faulty', {
      workers: 2,
      laneBytes: 4096,
      params: { fault: 'allThrow', policy: 'dead-letter' },
    });
    const letters = done.results['dead'] as DeadLetter[];
    expect(letters).toHaveLength(5000);
    expect(new Set(letters.map(({ record }) => (record as { id: number }).id)).size).toBe(5000);
    expect(done.results['answer']).toEqual([]);
  });

  it('writes dead letters to a sink on the workers', async () => {
    const file = join(folder, 'dead.ndjson');
    const done = await report('faulty', { workers: 2, params: { fault: 'throws', policy: file } });
    expect(done.results['answer']).toHaveLength(4999);
    const { readFileSync } = await import('node:fs');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ operator: 'parse', record: { id: 1234 }, position: 'record 1234' });
  });
});

describe('collect()', () => {
  it('fails the job rather than grow beyond its limit', async () => {
    const error = await failureOf(faulty('collectLimit'));
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toMatch(
      /collect\('answer'\) got more than its limit of 100 records: aggregate before it, raise its limit/,
    );
    expectPlace(error, { job: 'faulty', stage: 'collect(answer)', operator: 'collect(answer)' });
  });
});

/** A record that has left its batch is placed by where its source was: not before the record, and not far behind it. */
function expectNear(error: MillraceError, record: number): void {
  const [, at] = /^at or before record (\d+)$/.exec(error.place.position ?? '') ?? [];
  expect(Number(at)).toBeGreaterThanOrEqual(record);
  expect(Number(at)).toBeLessThan(record + 2_000);
}
