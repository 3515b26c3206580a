// An hour of a web shop's visits by when they happened, though they come out of order: phones send what they have when they are out of the
// tunnel. Up to ten seconds behind is in time; nothing here is later, so the answer is the same on any number of workers.
//
//   millrace run examples/11-windows.ts --param visits=100000

import { count, countDistinct, hopping, job, session, tumbling } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { toStdout } from 'millrace/connectors/streams';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5, 9);
const PAGES = ['home', 'search', 'cart'] as const;

interface Visit {
  page: (typeof PAGES)[number];
  user: number;
  at: number;
}

/** Ten visits a second, each up to eight seconds behind. */
function visitAt(index: number): Visit {
  const behindMs = (index * 7_919) % 8_000;
  return {
    page: PAGES[index % PAGES.length]!,
    user: Math.floor(index / 50) % 40,
    at: START_MS + index * 100 - behindMs,
  };
}

const minute = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

export default job('visits', { params: { visits: 36_000 } }, (flow, { visits }) => {
  const timed = flow
    .from(generate(visits, visitAt, { splits: 1 }))
    .eventTime((visit) => visit.at, { outOfOrderMs: 10_000 });

  // Twenty minutes, told every ten.
  timed
    .keyBy((visit) => visit.page)
    .window(hopping({ sizeMs: 20 * MINUTE_MS, stepMs: 10 * MINUTE_MS }))
    .aggregate({ visits: count(), users: countDistinct((visit) => visit.user) })
    .map(({ key, windowEnd, visits, users }) => ({ until: minute(windowEnd), page: key, visits, users }))
    .to(toStdout());

  // Visits of a user that follow each other within a minute; of those, how many ended in which hour.
  timed
    .keyBy((visit) => visit.user)
    .window(session({ gapMs: MINUTE_MS }))
    .aggregate(count())
    .keyBy(() => 'all')
    .window(tumbling({ sizeMs: 60 * MINUTE_MS }))
    .aggregate({ sessions: count() })
    .map(({ windowStart, sessions }) => ({ hour: minute(windowStart), sessions }))
    .to(toStdout());
});
