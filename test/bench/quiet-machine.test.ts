import { describe, expect, it } from 'vitest';
import { watchOthers } from '../../bench/harness/others-share.ts';
import { undisturbed } from '../../bench/harness/quiet-machine.ts';

describe('a run that must not be disturbed', () => {
  const attempts = (shares: readonly number[]) => {
    let tries = 0;
    return { tries: () => tries, attempt: async () => ({ othersShare: shares[tries]!, number: tries++ }) };
  };

  it('is made once when nobody disturbed it', async () => {
    const { attempt, tries } = attempts([0.01, 0, 0]);
    expect(await undisturbed(attempt)).toEqual({ othersShare: 0.01, number: 0 });
    expect(tries()).toBe(1);
  });

  it('is made again when somebody did, and ends with the first that nobody disturbed', async () => {
    const { attempt, tries } = attempts([0.5, 0.02, 0]);
    expect((await undisturbed(attempt)).number).toBe(1);
    expect(tries()).toBe(2);
  });

  it('is given up on after two, and is then the less disturbed of them', async () => {
    const { attempt, tries } = attempts([0.2, 0.5, 0]);
    expect((await undisturbed(attempt)).number).toBe(0);
    expect(tries()).toBe(2);
  });
}, 120_000);

it("others' share of the machine leaves out this process's own work, and is a share", () => {
  const share = watchOthers();
  const untilMs = performance.now() + 300;
  while (performance.now() < untilMs);
  const others = share();
  expect(others).toBeGreaterThanOrEqual(0);
  expect(others).toBeLessThanOrEqual(1);
});
