import { describe, expect, expectTypeOf, it } from 'vitest';
import { blackHole } from '../../../connectors/streams/index.ts';
import { job } from '../../../index.ts';

/** What the build function of a job sees when it is given these. */
function seen(
  params: Record<string, string | number | boolean>,
  spec = { file: 'flights.csv', top: 10, verbose: false },
): unknown {
  let values: unknown;
  job('declared', { params: spec }, (flow, given) => {
    values = { ...given };
    flow.from([1]).to(blackHole());
  }).graph(params);
  return values;
}

function loose(
  params: Record<string, string | number | boolean>,
  read: (given: Readonly<Record<string, string | undefined>>) => void,
): void {
  job('loose', (flow, given) => {
    read(given);
    flow.from([1]).to(blackHole());
  }).graph(params);
}

describe('declared parameters', () => {
  it('have their defaults, and take strings from the command line as what they are', () => {
    expect(seen({})).toEqual({ file: 'flights.csv', top: 10, verbose: false });
    expect(seen({ top: '3', verbose: 'true', file: '' })).toEqual({ file: '', top: 3, verbose: true });
    expect(seen({ top: 2.5, file: 7 })).toEqual({ file: '7', top: 2.5, verbose: false });
    expect(seen({ top: '-1e3', verbose: 'false' })).toMatchObject({ top: -1000, verbose: false });
  });

  it('refuse everything that is not of their type, all problems together, without printing a value', () => {
    const wrong = (): unknown => seen({ top: 'secret', verbose: 'yes', nope: 1 });
    expect(wrong).toThrow(expect.objectContaining({ code: 'ERR_PARAM_INVALID', place: { job: 'declared' } }));
    expect(wrong).toThrow(
      /'top' must be a number.*'verbose' must be a boolean.*unknown parameter 'nope'.*file, top, verbose/,
    );
    expect(wrong).not.toThrow(/secret/);
    for (const top of ['', ' ', 'NaN', 'Infinity', '1,5', Number.NaN, true]) {
      expect(() => seen({ top }), `top=${String(top)}`).toThrow(/'top' must be a number/);
    }
  });

  it('do not take what every object has for declared', () => {
    for (const name of ['toString', '__proto__', 'constructor']) {
      expect(() => seen(JSON.parse(`{ "${name}": "x" }`))).toThrow(/unknown parameter/);
    }
  });

  it('have the types of their defaults, widened, and cannot be changed', () => {
    job('typed', { params: { file: 'a.csv', top: 10, verbose: false } }, (flow, params) => {
      expectTypeOf(params).toEqualTypeOf<{ readonly file: string; readonly top: number; readonly verbose: boolean }>();
      // @ts-expect-error there is no such parameter
      expect(params.nope).toBeUndefined();
      expect(() => {
        // @ts-expect-error parameters are read-only
        params.top = 3;
      }).toThrow(TypeError);
      flow.from([1]).to(blackHole());
    }).graph({});
  });
});

describe('undeclared parameters', () => {
  it('are strings, or undefined when they are not given', () => {
    loose({ top: 3, verbose: true }, (params) => {
      expect(params['top']).toBe('3');
      expect(params['verbose']).toBe('true');
      expect(params['file']).toBeUndefined();
      expect(params['toString']).toBeUndefined();
    });
  });

  it('that the job never read are errors, and the message says which it reads', () => {
    expect(() => loose({ tpo: 3 }, (params) => void params['top'])).toThrow(
      /unknown parameter 'tpo': this job reads top/,
    );
    expect(() => loose({ a: 1 }, () => {})).toThrow(/this job reads no parameters/);
  });

  it('count as read when the job looks whether they are there, or takes them all', () => {
    loose({ debug: '1' }, (params) => expect('debug' in params).toBe(true));
    loose({ a: 1, b: 2 }, (params) => expect({ ...params }).toEqual({ a: '1', b: '2' }));
    loose({ a: 1, b: 2 }, (params) => expect(Object.keys(params)).toEqual(['a', 'b']));
  });
});
