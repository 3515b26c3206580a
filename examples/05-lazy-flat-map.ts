// One record becomes millions. flatMap draws from the generator only as fast as the stages behind it take the records, so memory stays
// flat however much it yields; it may even be endless, when something else ends the job.
//
//   millrace run examples/05-lazy-flat-map.ts --param upTo=10000000

import { count, job, max } from 'millrace';
import { toStdout } from 'millrace/connectors/streams';

export default job('lazy-flat-map', { params: { upTo: 2_000_000 } }, (flow, { upTo }) => {
  flow
    .from([upTo])
    .flatMap(function* (end) {
      for (let number = 1; number <= end; number++) yield number;
    })
    .named('numbers')
    // One record is one worker's work; from here on, everybody's.
    .rebalance()
    .map((number) => ({ number, steps: collatzSteps(number) }))
    .keyBy((row) => Math.floor(row.steps / 100))
    .aggregate({ numbers: count(), longest: max((row) => row.steps) })
    .map(
      ({ key, numbers, longest }) => `${key * 100} to ${key * 100 + 99} steps: ${numbers} numbers, longest ${longest}`,
    )
    .to(toStdout({ format: (line) => line }));
});

function collatzSteps(number: number): number {
  let steps = 0;
  for (let n = number; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps++;
  return steps;
}
