import { describe, expect, it } from 'vitest';
import { generate, ratePerSecond } from '../../connectors/generate/index.ts';
import { fromAsyncIterable, fromIterable } from '../../connectors/memory/index.ts';
import { collect, count, job, type Sink, sum } from '../../index.ts';
import { simulate, VirtualClock } from '../../testing/index.ts';

const keyedSum = job('keyed-sum', { params: { records: 1000, keys: 10 } }, (flow, { records, keys }) => {
  flow
    .from(generate(records, (i) => ({ key: i % keys, value: i })))
    .filter((r) => r.value % 3 !== 0)
    .keyBy((r) => r.key)
    .aggregate({ n: count(), total: sum((r) => r.value) })
    .to(collect('answer'));
});

interface Row {
  readonly key: number;
  readonly n: number;
  readonly total: number;
}

function modelOfKeyedSum(records: number, keys: number): Row[] {
  const rows = new Map<number, Row>();
  for (let i = 0; i < records; i++) {
    if (i % 3 === 0) continue;
    const { n, total } = rows.get(i % keys) ?? { n: 0, total: 0 };
    rows.set(i % keys, { key: i % keys, n: n + 1, total: total + i });
  }
  return [...rows.values()].sort((a, b) => a.key - b.key);
}

/** A sink that writes down what happens to it. */
function journal(
  events: string[],
  write: (batch: readonly unknown[]) => void | Promise<void> = () => {},
): Sink<unknown> {
  return {
    name: 'journal',
    open: ({ index, count: writers }) => {
      events.push(`open ${index} of ${writers}`);
      return {
        write,
        prepare: () => void events.push('prepare'),
        commit: () => void events.push('commit'),
        abort: () => void events.push('abort'),
      };
    },
  };
}

describe('simulate', () => {
  it('gives the answer of the job for every seed and every number of workers', async () => {
    for (const workers of [1, 2, 3, 7]) {
      for (let seed = 0; seed < 5; seed++) {
        const { results, outcome } = await simulate(keyedSum, { workers, seed });
        expect(outcome).toBe('finished');
        expect((results['answer'] as Row[]).sort((a, b) => a.key - b.key)).toEqual(modelOfKeyedSum(1000, 10));
      }
    }
  });

  it('takes the same steps for the same seed, and others for another', async () => {
    const trace = async (seed: number): Promise<string> => {
      const seen: string[] = [];
      const traced = job('traced', (flow) => {
        flow
          .from(generate(300, (i) => i))
          .peek((i) => void seen.push(`out ${i}`))
          .rebalance()
          .peek((i) => void seen.push(`in ${i}`))
          .to(collect());
      });
      const { steps } = await simulate(traced, { seed, workers: 3 });
      return `${steps}: ${seen.join()}`;
    };
    expect(await trace(1)).toBe(await trace(1));
    expect(await trace(1)).not.toBe(await trace(2));
  });

  it('reports the metrics of every stage', async () => {
    const { stages, plan, workers } = await simulate(keyedSum, { workers: 3, seed: 1, preaggregate: false });
    expect(workers).toBe(3);
    expect(stages.map(({ stage }) => stage)).toEqual(plan.stages.map(({ stage }) => stage));
    expect(stages[0]!.recordsIn).toBe(1000);
    expect(stages[0]!.recordsOut).toBe(666);
    expect(stages[1]!.recordsIn).toBe(666);
    expect(stages.at(-1)!.recordsIn).toBe(10);
  });

  it('commits sinks after all are prepared, and opens one a worker', async () => {
    const events: string[] = [];
    const sunk = job('sunk', (flow) => void flow.from([1, 2, 3]).rebalance().to(journal(events)));
    await simulate(sunk, { workers: 2 });
    expect(events).toEqual(['open 0 of 2', 'open 1 of 2', 'prepare', 'prepare', 'commit', 'commit']);
  });

  it('aborts sinks when an operator throws, and names seed, stage and operator in the error', async () => {
    const events: string[] = [];
    const failing = job('failing', (flow) => {
      flow
        .from([1, 2, 3])
        .map((n) => {
          if (n === 2) throw new RangeError('two');
          return n;
        })
        .named('refuses two')
        .rebalance()
        .to(journal(events));
    });
    await expect(simulate(failing, { workers: 2, seed: 42 })).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      message: expect.stringMatching(/two.*seed=42, workers=2/s),
      place: { job: 'failing', operator: 'refuses two' },
      cause: expect.any(RangeError),
    });
    expect(events.filter((event) => event === 'abort')).toHaveLength(2);
    expect(events).not.toContain('commit');
  });

  it('waits for asynchronous sources, operators and sinks', async () => {
    const written: unknown[] = [];
    const slow = journal([], async (batch) => {
      const copy = [...batch];
      await new Promise((resolve) => setTimeout(resolve, 2));
      written.push(...copy);
    });
    const asynchronous = job('asynchronous', (flow) => {
      flow
        .from(
          fromAsyncIterable(async function* () {
            for (let i = 0; i < 20; i++) {
              if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
              yield i;
            }
          }),
        )
        .mapAsync(async (n) => {
          await new Promise((resolve) => setTimeout(resolve, n % 3));
          return n * 2;
        })
        .to(slow);
    });
    await simulate(asynchronous, { workers: 2 });
    expect(written.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, i) => i * 2));
  });

  it('moves the clock when nothing else can, so that an hour of a rate passes in no time', async () => {
    const hour = job('hour', (flow) => {
      flow
        .from(ratePerSecond(1, (index, scheduledMs) => ({ index, scheduledMs }), { durationMs: 3_600_000 }))
        .to(collect());
    });
    const startedMs = performance.now();
    const { results, uptimeMs, stages } = await simulate(hour, { workers: 1, tickMs: 100 });
    expect(results['collected']).toHaveLength(3600);
    expect((results['collected'] as { scheduledMs: number }[])[10]!.scheduledMs).toBeCloseTo(10_000, 3);
    expect(uptimeMs).toBeGreaterThanOrEqual(3_599_000);
    expect(stages[0]!.age.maxNs).toBeLessThan(200e6);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  });

  it('lets an operator move the clock, as one that is slow would', async () => {
    const clock = new VirtualClock();
    const slow = job('slow', (flow) => {
      flow
        .from(generate(50, (i) => i))
        .rebalance()
        .peek(() => clock.advance(20e6))
        .named('slow')
        .to(collect());
    });
    const { stages } = await simulate(slow, { workers: 1, clock });
    const stage = stages.find(({ operators }) => operators.includes('slow'))!;
    expect(stage.service.p50Ns / 1e6).toBeCloseTo(20, 0);
    expect(stages[0]!.service.p50Ns).toBe(0);
  });

  it('ends early with what was read when it is told to drain', async () => {
    const events: string[] = [];
    const endless = job('endless', (flow) => {
      const numbers = flow.from(
        fromIterable(
          function* () {
            for (let i = 0; ; i++) yield i;
          },
          { bounded: false },
        ),
      );
      numbers.to(collect('numbers')).to(journal(events));
    });
    const { outcome, results } = await simulate(endless, { workers: 2, stop: { afterSteps: 100 } });
    expect(outcome).toBe('drained');
    expect(results['numbers']).toEqual(Array.from({ length: results['numbers']!.length }, (_, i) => i));
    expect(results['numbers']!.length).toBeGreaterThan(0);
    expect(events.filter((event) => event === 'commit')).toHaveLength(2);
  });

  it('ends at once without a drain, and throws the output away', async () => {
    const events: string[] = [];
    const endless = job('endless', (flow) => {
      flow
        .from([0])
        .flatMap(function* () {
          for (let i = 0; ; i++) yield i;
        })
        .to(journal(events));
    });
    const { outcome } = await simulate(endless, { workers: 1, stop: { afterSteps: 50, drain: false } });
    expect(outcome).toBe('aborted');
    expect(events).toEqual(['open 0 of 1', 'abort']);
  });

  it('says which stage never comes back', async () => {
    const hanging = job('hanging', (flow) => {
      flow
        .from([1])
        .mapAsync(() => new Promise<number>(() => {}))
        .named('hangs')
        .to(collect());
    });
    await expect(simulate(hanging, { workers: 1, patienceMs: 50 })).rejects.toMatchObject({
      code: 'ERR_STAGE_STALLED',
      message: expect.stringMatching(/patienceMs=50.*hangs/s),
    });
  });

  it('refuses a job that builds another graph each time', async () => {
    let built = 0;
    const differing = job('differing', (flow) => void flow.from([1]).to(collect(`answer-${built++}`)));
    await expect(simulate(differing)).rejects.toMatchObject({ code: 'ERR_JOB_DIFFERS' });
  });

  it('reports all invalid options together, and unknown ones', async () => {
    await expect(simulate(keyedSum, { workers: 0, seed: 1.5, tickMs: 0 })).rejects.toMatchObject({
      code: 'ERR_OPTION_INVALID',
      message: expect.stringMatching(/seed.*tickMs.*workers/s),
    });
    await expect(simulate(keyedSum, { sead: 1 } as never)).rejects.toMatchObject({ code: 'ERR_OPTION_UNKNOWN' });
    await expect(simulate(keyedSum, { params: { nope: 1 } })).rejects.toMatchObject({ code: 'ERR_PARAM_INVALID' });
  });
});
