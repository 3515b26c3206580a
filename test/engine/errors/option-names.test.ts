import { describe, expect, it } from 'vitest';
import { generate } from '../../../connectors/generate/index.ts';
import { checkOptionNames } from '../../../engine/errors/option-names.ts';
import { job } from '../../../index.ts';

describe('an option that does not exist', () => {
  it('is refused with all that are wrong, all that there are, and the job', () => {
    const options = { splits: 2, split: 3, nam: 'x' };
    expect(() => checkOptionNames('generate', options, ['splits', 'name'], { job: 'bids' })).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_UNKNOWN',
        message: "generate has no option 'split', 'nam': it has splits, name (job 'bids')",
      }),
    );
  });

  it('is refused where there are none at all', () => {
    expect(() => checkOptionNames('peek', { x: 1 }, [])).toThrow("peek has no option 'x': it has none");
  });

  it('is refused by sources and operators, not left out of account', () => {
    // @ts-expect-error a misspelt option
    expect(() => generate(3, (i) => i, { split: 2 })).toThrow("generate has no option 'split'");
    const eventTime = job('times', (flow) => {
      // @ts-expect-error a misspelt option
      flow.from(generate(3, (i) => i)).eventTime((i) => i, { disorder: 5 });
    });
    expect(() => eventTime.graph({})).toThrow(
      "eventTime has no option 'disorder': it has outOfOrderMs, idleMs, alignMs",
    );
    const mapAsync = job('calls', (flow) => {
      // @ts-expect-error a misspelt option
      flow.from(generate(3, (i) => i)).mapAsync(async (i) => i, { retries: 5 });
    });
    expect(() => mapAsync.graph({})).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }));
  });
});
