// Latency under load. Records are due at fixed times, whether the job keeps up or not; a record's age counts from the time at which it was
// due. So a stall counts against every record that it delayed, and the percentiles in the final table are what a user would have felt.
//
//   millrace run examples/08-load-at-a-rate.ts --param rate=50000 --param seconds=10 --report latency.json

import { count, job } from 'millrace';
import { ratePerSecond } from 'millrace/connectors/generate';
import { blackHole, toStdout } from 'millrace/connectors/streams';

export default job('load-at-a-rate', { params: { rate: 5_000, seconds: 2 } }, (flow, { rate, seconds }) => {
  const handled = flow
    .from(ratePerSecond(rate, (id) => ({ id, user: id % 100 }), { durationMs: seconds * 1_000, arrival: 'poisson' }))
    .named('arrivals')
    .keyBy((request) => request.user)
    .map((request) => ({ ...request, digest: work(request.id) }))
    .named('handle');

  handled.to(blackHole(), { name: 'answered' });

  handled
    .keyBy(() => 'all')
    .aggregate({ requests: count() })
    .to(toStdout());
});

/** Some microseconds of work. */
function work(seed: number): number {
  let digest = seed;
  for (let round = 0; round < 2_000; round++) digest = Math.imul(digest ^ (digest >>> 15), 0x2c1b3c6d) >>> 0;
  return digest;
}
