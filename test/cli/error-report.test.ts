import { describe, expect, it } from 'vitest';
import { describeError, exitCodeOf, reportError, UsageError } from '../../cli/error-report.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';

const failed = new MillraceError('ERR_OPERATOR', 'map threw', {
  place: { job: 'flights', stage: 'parse', operator: 'map' },
  cause: new TypeError('x is not a function', { cause: 'a bad day' }),
});

describe('an error on the terminal', () => {
  it('says what happened, where, and what caused it, without stacks', () => {
    const text = describeError(failed, { debug: false });
    expect(text).toContain("millrace: map threw (job 'flights', stage 'parse', operator 'map') [ERR_OPERATOR]\n");
    expect(text).toContain('  caused by TypeError: x is not a function\n');
    expect(text).toContain('  caused by a bad day\n');
    expect(text).not.toMatch(/^\s+at /m);
  });

  it('has the stacks of itself and its causes in debug mode', () => {
    expect(describeError(failed, { debug: true }).match(/error-report\.test\.ts/g)!.length).toBeGreaterThanOrEqual(2);
  });

  it('ends where an error is its own cause', () => {
    const circular = new Error('one');
    circular.cause = new Error('two', { cause: circular });
    expect(describeError(circular, { debug: false }).match(/caused by/g)).toHaveLength(1);
  });

  it.each([undefined, null, 'text', 7, Object.create(null), Symbol('s')])(
    'takes anything that can be thrown: %o',
    (thrown) => {
      expect(describeError(thrown, { debug: true })).toMatch(/^millrace: .+\n$/);
      expect(reportError(thrown)).toMatchObject({ code: 'ERR_INTERNAL', place: {} });
    },
  );
});

describe('an error in a report', () => {
  it('keeps code, message, place and cause, and survives JSON', () => {
    const reported = reportError(failed);
    expect(JSON.parse(JSON.stringify(reported))).toEqual({
      code: 'ERR_OPERATOR',
      message: failed.message,
      place: { job: 'flights', stage: 'parse', operator: 'map' },
      cause: 'TypeError: x is not a function',
    });
  });
});

describe('the exit code of an error', () => {
  it.each(['ERR_OPTION_INVALID', 'ERR_OPTION_UNKNOWN', 'ERR_PARAM_INVALID', 'ERR_JOB_MODULE'] as const)(
    'is 2 for %s',
    (code) => {
      expect(exitCodeOf(new MillraceError(code, 'x'))).toBe(2);
    },
  );

  it('is 2 for what the command itself refuses, and 1 for all else', () => {
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
    expect(exitCodeOf(new MillraceError('ERR_OPERATOR', 'x'))).toBe(1);
    expect(exitCodeOf(new MillraceError('ERR_JOB_GRAPH', 'x'))).toBe(1);
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect(exitCodeOf('x')).toBe(1);
  });

  it('is 141 when the reader of standard output went away, and only of that', () => {
    const cause = new Error('EPIPE: broken pipe, write');
    const broken = (operator: string): MillraceError =>
      new MillraceError('ERR_SINK', 'x', { place: { operator }, cause });
    expect(exitCodeOf(broken('stdout#1'))).toBe(141);
    expect(exitCodeOf(broken('toWritable(socket)'))).toBe(1);
  });

  it('goes by the code also when the job brought another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'MillraceError', code: 'ERR_PARAM_INVALID', place: {} });
    expect(exitCodeOf(foreign)).toBe(2);
  });
});
