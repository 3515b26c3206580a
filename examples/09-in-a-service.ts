// Millrace inside a program of your own: start a job, look at it while it runs, stop it. This file is no job but the program.
//
//   node build/examples/09-in-a-service.js

import { MillraceError, run } from 'millrace';

const handle = run(new URL('./08-load-at-a-rate.js', import.meta.url), {
  params: { rate: 2_000, seconds: 3_600 },
  onNotice: ({ message }) => console.error(message),
});

const timer = setInterval(() => {
  // Operators are fused into stages; a stage knows the names of its own.
  const stage = handle.metrics().stages.find(({ operators }) => operators.includes('handle'));
  if (stage === undefined) return;
  const { recordsIn, age, busy } = stage;
  console.log(`${recordsIn} requests, p99 age ${(age.p99Ns / 1e6).toFixed(2)} ms, busy ${(busy * 100).toFixed(0)} %`);
}, 500);

// A service would do this when it is told to end. Draining finishes what was read: the job's results and files are complete for it.
setTimeout(() => void handle.stop({ drain: true }), 1_700);

try {
  const report = await handle.completed;
  const arrivals = report.stages.find((stage) => stage.stage === 'arrivals');
  console.log(`${report.outcome} after ${report.durationMs} ms and ${arrivals?.recordsIn} requests`);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(error.code, error.place, error.message);
  process.exitCode = 1;
} finally {
  clearInterval(timer);
  // Ends the job at once if it still runs, because something above threw.
  await handle[Symbol.asyncDispose]();
}
