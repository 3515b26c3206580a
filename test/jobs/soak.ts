// Memory over minutes: a sink ten times slower than its source. `node build/test/jobs/soak.js [seconds]`, 300 by default.
//
//   source (as fast as it can) -> map -> [keyed exchange] -> flatMap -> sink (a tenth of what the source could)
//
// First the same job runs with a sink that costs nothing, which tells what the source can do. Then RSS of the process, all its threads
// included, is sampled while the slow sink holds everything up. A fifth of the time is warm-up: heaps of workers grow to their size.
// PASS when the median of every ten seconds after it lies within 10 % of the first of them. Exit code 1 otherwise.

import { run } from 'millrace';

const WORKERS = 2;
const SAMPLE_MS = 500;
const MOST_GROWTH = 0.1;

const seconds = Number(process.argv[2] ?? 300);
if (!(seconds >= 10)) throw new RangeError(`the soak needs ten seconds or more: got ${process.argv[2]}`);
const windowMs = Math.min(10_000, (seconds * 1000) / 10);
const job = new URL('./slow-sink.js', import.meta.url);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function sourceRate(): Promise<number> {
  const handle = run(job, { workers: WORKERS });
  await sleep(2_000);
  const from = read(handle.metrics());
  await sleep(2_000);
  const to = read(handle.metrics());
  await handle.stop({ drain: false });
  return ((to.records - from.records) * 1000) / (to.atMs - from.atMs);
}

function read({ stages, uptimeMs }: ReturnType<ReturnType<typeof run>['metrics']>): { records: number; atMs: number } {
  return { records: stages.at(-1)?.recordsIn ?? 0, atMs: uptimeMs };
}

const capable = await sourceRate();
const rate = Math.floor(capable / 10 / WORKERS);
console.log(`the source can do ${Math.round(capable)} records/s; the sink takes ${rate * WORKERS} for ${seconds} s`);

const handle = run(job, { workers: WORKERS, params: { rate } });
const startedMs = performance.now();
const medians: number[] = [];
while (performance.now() - startedMs < seconds * 1000) {
  const samples: number[] = [];
  const windowEndMs = startedMs + (medians.length + 1) * windowMs;
  while (performance.now() < windowEndMs) {
    await sleep(SAMPLE_MS);
    samples.push(process.memoryUsage.rss() / 2 ** 20);
  }
  const median = samples.sort((a, b) => a - b)[samples.length >> 1]!;
  medians.push(median);
  const [source, sink] = [handle.metrics().stages[0]!, handle.metrics().stages.at(-1)!];
  console.log(
    `${String(Math.round((performance.now() - startedMs) / 1000)).padStart(4)} s  RSS ${median.toFixed(1).padStart(6)} MiB  ` +
      `records ${sink.recordsIn}  source backpressured ${(source.backpressured * 100).toFixed(0)} %`,
  );
}
const { recordsIn } = handle.metrics().stages.at(-1)!;
await handle.stop({ drain: false });

const warm = medians.slice(Math.ceil(medians.length / 5));
const [base] = warm;
const growth = Math.max(...warm.map((median) => median / base! - 1));
const shrinkage = Math.max(...warm.map((median) => 1 - median / base!));
const passed = growth <= MOST_GROWTH && recordsIn > 0;
console.log(
  `${passed ? 'PASS' : 'FAIL'}: after warm-up RSS went from ${base!.toFixed(1)} MiB at most ${(growth * 100).toFixed(1)} % up ` +
    `and ${(shrinkage * 100).toFixed(1)} % down, over ${recordsIn} records (limit ${MOST_GROWTH * 100} %)`,
);
process.exitCode = passed ? 0 : 1;
