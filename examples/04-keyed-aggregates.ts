// Several aggregates by key in one pass, one of them made here. An aggregate says how to create, add, combine and give the result; as it can
// combine, each worker aggregates its own records first and only the partial results cross to other threads.
//
//   millrace run examples/04-keyed-aggregates.ts

import { aggregator, count, job, mean, percentile, topN } from 'millrace';
import { csv } from 'millrace/connectors/csv';
import { toStdout } from 'millrace/connectors/streams';

const FILE = 'node_modules/vega-datasets/data/weather.csv';

interface Day {
  location: string;
  date: string;
  precipitation: number;
  temp_max: number;
}

/** Of the days, how many percent are wet. The counts can be combined; a percentage alone could not. */
const wetShare = aggregator({
  name: 'wetShare',
  create: () => ({ wet: 0, days: 0 }),
  add: (sums, day: Day) => ({ wet: sums.wet + (day.precipitation > 0 ? 1 : 0), days: sums.days + 1 }),
  combine: (a, b) => ({ wet: a.wet + b.wet, days: a.days + b.days }),
  result: ({ wet, days }) => Math.round((100 * wet) / days),
});

export default job('weather', { params: { file: FILE } }, (flow, { file }) => {
  const days = flow.from(
    csv(file, { columns: { location: 'string', date: 'string', precipitation: 'number', temp_max: 'number' } }),
  );

  days
    .keyBy((day) => day.location)
    .aggregate({
      days: count(),
      meanMax: mean((day) => day.temp_max),
      p90: percentile(0.9, (day) => day.temp_max),
      hottest: topN(1, (day) => day.temp_max),
      wetShare,
    })
    .map((city) => ({ ...city, hottest: city.hottest[0]?.date }))
    .to(toStdout());

  // A key can be any plain value, also an array. reduce folds the records of a key two by two.
  days
    .keyBy((day) => [day.location, day.date.slice(0, 4)])
    .reduce((a, b) => (a.precipitation >= b.precipitation ? a : b))
    .map(({ key: [location, year], value }) => ({ location, year, wettest: value.date, mm: value.precipitation }))
    .to(toStdout());
});
