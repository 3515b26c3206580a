import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateMetrics, type StepOutcome } from '../../../engine/metrics/metrics-layout.ts';
import { StageReader } from '../../../engine/metrics/stage-reader.ts';
import { StageRecorder } from '../../../engine/metrics/stage-recorder.ts';

const MS = 1e6;

/** A stage `parse` of operators map and filter on each of `workerCount` workers, second of three stages. */
function stage(workerCount = 1): { reader: StageReader; recorders: StageRecorder[]; buffer: SharedArrayBuffer } {
  const buffer = allocateMetrics(3, workerCount);
  return {
    buffer,
    reader: new StageReader({ buffer, name: 'parse', operators: ['map', 'filter'], stage: 1, workerCount }),
    recorders: Array.from({ length: workerCount }, (_, worker) => StageRecorder.over(buffer, 1, worker, workerCount)),
  };
}

describe('the account of time', () => {
  it('credits a step to what it came to, and the time after it to what held it up', () => {
    const { reader, recorders } = stage();
    const recorder = recorders[0]!;
    recorder.begin(0);
    recorder.enterStep(1 * MS); //  1 ms idle before the first step
    recorder.leaveStep(5 * MS, 'made'); //  4 ms busy
    recorder.enterStep(6 * MS); //  1 ms idle: another stage had the worker
    recorder.leaveStep(8 * MS, 'blocked'); //  2 ms backpressured
    recorder.enterStep(18 * MS); // 10 ms backpressured: parked behind a full lane
    recorder.leaveStep(19 * MS, 'idle'); //  1 ms idle
    recorder.enterStep(22 * MS); //  3 ms idle
    expect(reader.snapshot(22 * MS).workers[0]).toMatchObject({ busyMs: 4, idleMs: 6, backpressuredMs: 12 });
  });

  it('counts waiting for an asynchronous call of its own as busy, also before the call is over', () => {
    const { reader, recorders } = stage();
    recorders[0]!.begin(1 * MS);
    recorders[0]!.enterStep(1 * MS);
    recorders[0]!.leaveStep(2 * MS, 'waiting');
    expect(reader.snapshot(10 * MS).workers[0]).toMatchObject({ busyMs: 9, idleMs: 0, backpressuredMs: 0 });
    recorders[0]!.enterStep(22 * MS);
    recorders[0]!.leaveStep(23 * MS, 'made');
    expect(reader.snapshot(23 * MS).workers[0]).toMatchObject({ busyMs: 22, idleMs: 0, backpressuredMs: 0 });
  });

  it('credits all of the time once, whatever the steps', () => {
    const steps = fc.array(
      fc.record({
        gapNs: fc.integer({ min: 0, max: 1e9 }),
        insideNs: fc.integer({ min: 0, max: 1e9 }),
        outcome: fc.constantFrom<StepOutcome>('made', 'idle', 'blocked', 'waiting'),
      }),
    );
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 0, max: 1e9 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 1e9 }),
        (run, startNs, inStep, restNs) => {
          const { reader, recorders } = stage();
          const recorder = recorders[0]!;
          let nowNs = startNs;
          recorder.begin(nowNs);
          for (const { gapNs, insideNs, outcome } of run) {
            recorder.enterStep((nowNs += gapNs));
            recorder.leaveStep((nowNs += insideNs), outcome);
          }
          if (inStep) recorder.enterStep(nowNs);
          nowNs += restNs;
          const { busyMs, idleMs, backpressuredMs, busy, idle, backpressured } = reader.snapshot(nowNs).workers[0]!;
          expect(busyMs + idleMs + backpressuredMs).toBeCloseTo((nowNs - startNs) / MS, 6);
          expect(busy + idle + backpressured).toBeCloseTo(nowNs === startNs ? 0 : 1, 9);
        },
      ),
    );
  });

  it('shows a step that does not return as busy, with its start and its operator', () => {
    const { reader, recorders } = stage();
    const recorder = recorders[0]!;
    recorder.begin(1);
    recorder.enterStep(2 * MS);
    recorder.operator(1);
    expect(reader.snapshot(60_000 * MS).busy).toBeGreaterThan(0.99);
    expect(reader.heartbeats()).toEqual([{ worker: 0, stepStartedNs: 2 * MS, operator: 'filter' }]);
    recorder.operator(-1);
    recorder.leaveStep(60_001 * MS, 'made');
    expect(reader.heartbeats()).toEqual([{ worker: 0, stepStartedNs: undefined, operator: undefined }]);
  });

  it('shows a worker parked behind a full lane as backpressured while it is parked', () => {
    const { reader, recorders } = stage();
    recorders[0]!.begin(1);
    recorders[0]!.enterStep(1);
    recorders[0]!.leaveStep(2, 'blocked');
    expect(reader.snapshot(5_000 * MS).backpressured).toBeGreaterThan(0.99);
  });

  it('knows a step that began at the zero of a virtual clock from none', () => {
    const { reader, recorders } = stage();
    recorders[0]!.begin(0);
    recorders[0]!.enterStep(0);
    expect(reader.heartbeats()[0]!.stepStartedNs).toBeDefined();
    expect(reader.snapshot(3 * MS).workers[0]).toMatchObject({ busyMs: 3, idleMs: 0 });
  });

  it('stops when the stage is closed', () => {
    const { reader, recorders } = stage();
    recorders[0]!.begin(1 * MS);
    recorders[0]!.enterStep(1 * MS);
    recorders[0]!.leaveStep(3 * MS, 'made');
    recorders[0]!.close(5 * MS);
    const ended = reader.snapshot(5 * MS);
    expect(ended.workers[0]).toMatchObject({ busyMs: 2, idleMs: 2, backpressuredMs: 0 });
    expect(reader.snapshot(9_000 * MS)).toEqual(ended);
  });

  it('averages the shares over the workers that ran, and is all zeros when none did', () => {
    const { reader, recorders } = stage(3);
    expect(reader.snapshot(10 * MS)).toMatchObject({ busy: 0, idle: 0, backpressured: 0 });
    recorders[0]!.begin(1);
    recorders[0]!.enterStep(1);
    recorders[2]!.begin(1);
    recorders[2]!.enterStep(1);
    recorders[2]!.leaveStep(1, 'blocked');
    expect(reader.snapshot(10 * MS)).toMatchObject({ busy: 0.5, idle: 0, backpressured: 0.5 });
  });
});

describe('a stage read from outside', () => {
  it('adds its counters up over its workers and shows each of them', () => {
    const { reader, recorders } = stage(2);
    for (const [worker, recorder] of recorders.entries()) {
      recorder.recordsIn(100 + worker);
      recorder.recordsIn(10);
      recorder.recordsOut(20 + worker);
      recorder.bytesIn(1_000);
      recorder.bytesOut(200);
      recorder.recordsSkipped(1);
      recorder.recordsDeadLettered(2);
      recorder.recordsDropped(3);
    }
    const metrics = reader.snapshot(0);
    expect(metrics).toMatchObject({
      stage: 'parse',
      operators: ['map', 'filter'],
      recordsIn: 221,
      recordsOut: 41,
      bytesIn: 2_000,
      bytesOut: 400,
      recordsSkipped: 2,
      recordsDeadLettered: 4,
      recordsDropped: 6,
    });
    expect(metrics.workers.map(({ worker, recordsIn, recordsOut }) => [worker, recordsIn, recordsOut])).toEqual([
      [0, 110, 20],
      [1, 111, 21],
    ]);
  });

  it('leaves other stages and workers that do not run it alone', () => {
    const buffer = allocateMetrics(2, 3);
    for (let index = 0; index < 2; index++) {
      for (let worker = 0; worker < 3; worker++)
        StageRecorder.over(buffer, index, worker, 3).recordsIn(10 ** (index * 3 + worker));
    }
    const reader = new StageReader({ buffer, name: 'write', operators: [], stage: 1, workerCount: 3, workers: [2] });
    const metrics = reader.snapshot(0);
    expect(metrics.recordsIn).toBe(100_000);
    expect(metrics.workers.map(({ worker }) => worker)).toEqual([2]);
  });

  it('keeps wait, service and age apart and adds each up over the workers', () => {
    const { reader, recorders } = stage(2);
    recorders[0]!.wait.record(1_000, 10);
    recorders[0]!.service.record(2_000, 20);
    recorders[0]!.age.record(3_000, 30);
    recorders[1]!.wait.record(9_000, 10);
    const metrics = reader.snapshot(0);
    expect(metrics.wait).toMatchObject({ count: 20, minNs: 1_000, meanNs: 5_000, maxNs: 9_000 });
    expect(metrics.service).toMatchObject({ count: 20, minNs: 2_000, maxNs: 2_000, p50Ns: 2_000 });
    expect(metrics.age).toMatchObject({ count: 30, minNs: 3_000, maxNs: 3_000 });
    expect(reader.histogram('wait').totalCount).toBe(20);
    expect(reader.histogram('wait', 1).getValueAtPercentile(50)).toBe(9_023);
    expect(reader.histogram('wait', 7).totalCount).toBe(0);
  });

  it('shows progress once a size is known, never above the whole', () => {
    const { reader, recorders } = stage(2);
    recorders[0]!.progress(50, 0);
    expect(reader.snapshot(0).progress).toBeUndefined();
    recorders[0]!.progress(50, 100);
    recorders[1]!.progress(0, 300);
    expect(reader.snapshot(0).progress).toEqual({ done: 50, total: 400, fraction: 0.125 });
    recorders[1]!.progress(500, 300);
    expect(reader.snapshot(0).progress!.fraction).toBe(1);
  });

  it('reports how full its lanes are, were on average and were at most', () => {
    const { reader, recorders } = stage(2);
    const gauges = { count: 4, capacityBytes: 1 << 20, occupancy: 0.3 };
    expect(reader.snapshot(0, gauges).lanes).toEqual(gauges);
    recorders[0]!.occupancy(0.25);
    recorders[0]!.occupancy(0.75);
    recorders[1]!.occupancy(0.5);
    expect(reader.snapshot(0, gauges).lanes).toEqual({ ...gauges, meanOccupancy: 0.5, maxOccupancy: 0.75 });
    expect(reader.snapshot(0).lanes).toMatchObject({ count: 0, capacityBytes: 0, occupancy: 0 });
  });

  it('survives the trip through JSON', () => {
    const { reader, recorders } = stage(2);
    recorders[0]!.begin(1);
    recorders[0]!.wait.record(1234.5, 3);
    recorders[0]!.progress(1, 2);
    const metrics = reader.snapshot(20, { count: 1, capacityBytes: 64, occupancy: 0 });
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
  });
});

describe('recording', () => {
  // The build is measured, for that is what runs on workers: the test runner's own loader makes every import a property access.
  it('allocates nothing on the hot path', async () => {
    const built: typeof import('../../../engine/metrics/stage-recorder.ts') = await import(
      new URL('../../../build/engine/metrics/stage-recorder.js', import.meta.url).href
    );
    const recorder = built.StageRecorder.over(allocateMetrics(1, 1), 0, 0, 1);
    recorder.begin(1);
    const paths: Record<string, (calls: number) => void> = {
      step: (calls) => {
        for (let call = 0; call < calls; call++) {
          recorder.enterStep(call + 0.25);
          recorder.leaveStep(call + 0.75, (call & 3) === 0 ? 'blocked' : 'made');
        }
      },
      counters: (calls) => {
        for (let call = 0; call < calls; call++) {
          recorder.recordsIn(512);
          recorder.bytesIn(call + 0.5);
          recorder.occupancy(call / calls);
          recorder.recordsOut(500);
        }
      },
      histogram: (calls) => {
        for (let call = 0; call < calls; call++) recorder.service.record(call * 1e5 + 0.5, 512);
      },
    };
    for (const [name, path] of Object.entries(paths)) {
      for (let round = 0; round < 50; round++) path(10_000);
      // A collection within a window makes its growth negative, so the median tells what the others grew by.
      const growth: number[] = [];
      for (let window = 0; window < 100; window++) {
        const before = process.memoryUsage().heapUsed;
        path(10_000);
        growth.push(process.memoryUsage().heapUsed - before);
      }
      growth.sort((a, b) => a - b);
      // One boxed double a call would be 160 000 bytes.
      expect(growth[50], name).toBeLessThan(20_000);
    }
  });

  it('is seen by the main thread while it goes on, and after the thread was killed in the middle of a step', async () => {
    const { reader, buffer } = stage(2);
    const worker = new Worker(
      `const { workerData: { buffer, module } } = require('node:worker_threads');
       import(module).then(({ StageRecorder }) => {
         const recorder = StageRecorder.over(buffer, 1, 1, 2);
         recorder.begin(1);
         for (let batch = 1; ; batch++) {
           recorder.enterStep(batch * 1000);
           recorder.operator(0);
           recorder.recordsIn(2);
           recorder.service.record(500, 2);
           if (batch < 100000) recorder.leaveStep(batch * 1000 + 500, 'made');
           else while (true);
         }
       });`,
      {
        eval: true,
        workerData: {
          buffer,
          module: new URL('../../../build/engine/metrics/stage-recorder.js', import.meta.url).href,
        },
      },
    );
    const failed = new Promise<never>((_, reject) => worker.once('error', reject));
    let last = 0;
    while (last < 200_000) {
      const metrics = reader.snapshot(1);
      expect(metrics.recordsIn).toBeGreaterThanOrEqual(last);
      last = metrics.recordsIn;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), failed]);
    }
    while (reader.snapshot(1).service.count < 200_000) await new Promise((resolve) => setTimeout(resolve, 1));
    await worker.terminate();
    const after = reader.snapshot(100_000_000 + 700);
    expect(after).toMatchObject({ recordsIn: 200_000, service: { count: 200_000, p50Ns: 500 } });
    expect(after.workers[1]!.busyMs).toBeCloseTo((99_999 * 500 + 700) / MS, 6);
    expect(reader.heartbeats()[1]).toEqual({ worker: 1, stepStartedNs: 100_000_000, operator: 'map' });
  });
});

describe('event time', () => {
  const watermarkOf = (reader: StageReader): unknown => {
    const { eventTime } = reader.snapshot(50 * MS);
    return eventTime === undefined ? undefined : [eventTime.state, eventTime.watermarkMs];
  };

  it('is where the slowest worker is, and on a worker where the slowest input is', () => {
    const { reader, recorders } = stage(2);
    expect(watermarkOf(reader)).toBeUndefined();
    const inputs = recorders.map((recorder) => [recorder.timeInput(), recorder.timeInput()]);
    const told = (worker: number, input: number, watermarkMs: number): unknown => {
      recorders[worker]!.watermark(inputs[worker]![input]!, watermarkMs, 40 * MS);
      return watermarkOf(reader);
    };
    expect(told(0, 0, 100)).toEqual(['starting', undefined]);
    expect(told(0, 1, 90)).toEqual(['starting', undefined]);
    expect(told(1, 0, 80)).toEqual(['starting', undefined]);
    expect(told(1, 1, 0)).toEqual(['running', 0]);
    expect(told(1, 1, 300)).toEqual(['running', 80]);
    expect(told(1, 0, Number.NaN)).toEqual(['running', 90]);
    expect(told(1, 1, Number.NaN)).toEqual(['running', 90]);
    expect(told(0, 1, Number.POSITIVE_INFINITY)).toEqual(['running', 100]);
    expect(told(0, 0, Number.POSITIVE_INFINITY)).toEqual(['idle', 300]);
    expect(told(1, 0, Number.POSITIVE_INFINITY)).toEqual(['idle', 300]);
    expect(told(1, 1, Number.POSITIVE_INFINITY)).toEqual(['over', 300]);
  });

  it('lags behind the clock on the wall: now, and of a stage that is over when it was told', () => {
    const { reader, recorders } = stage();
    const input = recorders[0]!.timeInput();
    recorders[0]!.watermark(input, Date.now() - 5_000, 10 * MS);
    expect(reader.snapshot(40 * MS).eventTime!.lagMs! / 1_000).toBeCloseTo(5, 0);
    recorders[0]!.watermark(input, Number.POSITIVE_INFINITY, 20 * MS);
    expect(reader.snapshot(3_010 * MS).eventTime!.lagMs! / 1_000).toBeCloseTo(2, 0);
  });
});
