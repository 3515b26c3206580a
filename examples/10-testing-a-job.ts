// A job under test: the same actors as in a real run, on one thread, step by step, in an order that a seed chooses. No threads to start,
// breakpoints work, and a failure names the seed that shows it again.
//
//   node --test build/examples/10-testing-a-job.js

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, job, sum } from 'millrace';
import { simulate } from 'millrace/testing';

const bookings = [
  { account: 'a', cents: 100 },
  { account: 'b', cents: 250 },
  { account: 'a', cents: -30 },
];

const balances = job('balances', (flow) => {
  flow
    .from(bookings)
    .keyBy((booking) => booking.account)
    .aggregate({ cents: sum((booking) => booking.cents) })
    .to(collect('balances'));
});

test('balances are right whatever the interleaving', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { results } = await simulate(balances, { seed, workers: 3 });
    const sorted = (results['balances'] as { key: string; cents: number }[]).sort((a, b) => (a.key < b.key ? -1 : 1));
    assert.deepEqual(sorted, [
      { key: 'a', cents: 70 },
      { key: 'b', cents: 250 },
    ]);
  }
});
