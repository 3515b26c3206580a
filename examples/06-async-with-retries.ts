// A call for each record: at most so many under way, each with a time-out and retries with growing waits. What still fails goes to
// dead letters; the rest goes on, in the order it came.
//
//   millrace run examples/06-async-with-retries.ts

import { setTimeout as sleep } from 'node:timers/promises';
import { type DeadLetter, job } from 'millrace';
import { forEach, toStdout } from 'millrace/connectors/streams';

interface Customer {
  id: number;
  name: string;
}

/** Stands for a service: every third customer answers at the second try only, number 13 never. Give `signal` to fetch(). */
async function lookUp(id: number, attempt: number, signal: AbortSignal): Promise<Customer> {
  await sleep(5, undefined, { signal });
  if (id === 13) throw new Error('no such customer');
  if (id % 3 === 0 && attempt === 0) throw new Error('busy');
  return { id, name: `customer ${id}` };
}

export default job('async-with-retries', (flow) => {
  flow
    .from(Array.from({ length: 20 }, (_, index) => index + 1))
    .mapAsync(async (id, { attempt, signal }) => ({ ...(await lookUp(id, attempt, signal)), attempt }), {
      concurrency: 8,
      ordered: true,
      timeoutMs: 1_000,
      retry: { retries: 2, backoffMs: 10, maxBackoffMs: 100 },
    })
    .named('look-up')
    .onError(forEach<DeadLetter>(({ record, message }) => console.error(`given up: ${record}: ${message}`)))
    .to(toStdout({ format: ({ id, name, attempt }) => `${id} ${name} (try ${attempt + 1})` }));
});
