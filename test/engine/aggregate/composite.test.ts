import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compileSteps, interpretSteps } from '../../../engine/aggregate/composite.ts';
import { type Aggregator, composite, count, max, sum } from '../../../engine/aggregate/index.ts';

type Spec = Record<string, Aggregator<Record<string, unknown>>>;

const hostile = [
  '__proto__',
  'constructor',
  'a"]; throw 1; //',
  "it's",
  '`$' + '{x}`',
  '\u2028',
  '',
  'toString',
  '0',
  '漢\ud800',
];

describe.each([
  ['compiled', compileSteps],
  ['interpreted', interpretSteps],
])('a %s composite', (_name, build) => {
  it('takes any name for an entry and makes no code of it', () => {
    const entries = hostile.map((name, index) => [name, sum(() => index)] as const);
    const steps = build(entries as never);
    if (steps === undefined) throw new Error('code from strings is forbidden here');
    let accumulator = steps.create();
    accumulator = steps.add(accumulator, {});
    accumulator = steps.combine(structuredClone(accumulator), steps.add(steps.create(), {}));
    const result = steps.result(accumulator);
    expect(Object.keys(result).sort()).toEqual([...hostile].sort());
    hostile.forEach((name, index) => {
      expect(Object.getOwnPropertyDescriptor(result, name)?.value).toBe(2 * index);
    });
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(accumulator)).toBe(Object.prototype);
  });

  it('takes a record whole or not at all', () => {
    const spec: Spec = {
      n: count(),
      fine: sum(() => 1),
      m: max((r) => r['m'] as number),
      s: sum((r) => r['s'] as number),
    };
    const steps = build(Object.entries(spec) as never);
    if (steps === undefined) throw new Error('code from strings is forbidden here');
    const accumulator = steps.add(steps.create(), { m: 3, s: 4 });
    expect(() => steps.add(accumulator, { m: 5, s: 'x' })).toThrow(/sum takes numbers/);
    expect(() => steps.add(accumulator, { m: 'x', s: 4 })).toThrow(/max compares values of one kind/);
    expect(() => steps.add(accumulator, null)).toThrow(TypeError);
    expect(steps.result(accumulator)).toEqual({ n: 1, fine: 1, m: 3, s: 4 });
  });

  it('calls the steps as methods, so that an aggregate may be an instance of a class', () => {
    class Weighted implements Aggregator<{ w: number }, number, number> {
      readonly name = 'weighted';
      readonly #factor = 3;
      select(record: { w: number }): number {
        return record.w * this.#factor;
      }
      create(): number {
        return 0;
      }
      add(accumulator: number, value: unknown): number {
        return accumulator + (value as number);
      }
      combine(accumulator: number, other: number): number {
        return accumulator + other;
      }
      result(accumulator: number): number {
        return accumulator / this.#factor;
      }
    }
    const steps = build([['w', new Weighted()]] as never);
    expect(steps?.result(steps.add(steps.create(), { w: 7 }))).toEqual({ w: 7 });
  });
});

describe('composite', () => {
  it('names itself after its entries', () => {
    expect(composite({ count: count(), total: sum(() => 1) }).name).toBe('{ count, total: sum }');
  });

  it('refuses what is no aggregate, and names every such entry', () => {
    expect(() => composite({})).toThrow(/at least one entry/);
    expect(() => composite({ a: 5, b: count(), c: count } as never)).toThrow(/"a" is 5, "c" is function count/);
    expect(() => composite(count() as never)).toThrow(/must be an aggregate/);
    expect(() => composite(undefined as never)).toThrow(/spec=undefined/);
  });

  it('works where code from strings is forbidden', () => {
    const module = new URL('../../../engine/aggregate/index.ts', import.meta.url).href;
    const program = `
      const { composite, count, sum } = await import(${JSON.stringify(module)});
      let forbidden = false;
      try { new Function('') } catch { forbidden = true }
      const g = composite({ n: count(), s: sum((r) => r.x) });
      console.log(forbidden, JSON.stringify(g.result(g.add(g.add(g.create(), { x: 1 }), { x: 2 }))));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module', '-e', program],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('true {"n":2,"s":3}');
  });
});
