import { describe, expect, it } from 'vitest';
import { stepsFor } from '../../bench/scaling/scaling.ts';

const workersFor = (cores: number): number[] => stepsFor(cores).map(({ workers }) => workers);

describe('the steps of the scaling bench', () => {
  it('go one by one to eight, then double, and end with the number of cores', () => {
    expect(workersFor(4)).toEqual([1, 2, 3, 4]);
    expect(workersFor(24)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 16, 24]);
    expect(workersFor(32)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 16, 32]);
  });

  it('end with four workers on fewer cores, and say so', () => {
    expect(workersFor(2)).toEqual([1, 2, 4]);
    expect(stepsFor(2).at(-1)!.label).toBe('4 (on 2 cores)');
    expect(stepsFor(1).map(({ label }) => label)).toEqual(['1', '4 (on 1 core)']);
  });
});
