// Three million flights, read by every core: how late are they, by the airport they leave from?
//
//   parquet (all cores) --by origin--> aggregate (all cores) --all to one--> rank --> a table on stdout
//                                                \--> collect('answer')
//
// Run it with `npm run demo`.

import { collect, count, job, max, mean, percentile, topN } from 'millrace';
import { parquet } from 'millrace/connectors/parquet';
import { toStdout } from 'millrace/connectors/streams';

const FILE = 'node_modules/vega-datasets/data/flights-3m.parquet';
const HEAD = ['origin', 'flights', 'mean', 'p50', 'p95', 'worst'];

export default job('flight-delays', { params: { file: FILE } }, (flow, { file }) => {
  const airports = flow
    .from(parquet(file, { columns: { origin: 'string', delay: 'number' } }))
    .named('read')
    .keyBy((flight) => flight.origin)
    .aggregate({
      flights: count(),
      mean: mean((flight) => flight.delay),
      p50: percentile(0.5, (flight) => flight.delay),
      p95: percentile(0.95, (flight) => flight.delay),
      worst: max((flight) => flight.delay),
    })
    .named('delays');

  airports.to(collect('answer'), { name: 'answer' });

  airports
    .map((a) => [a.key, a.flights, ...[a.mean, a.p50, a.p95, a.worst].map((minutes) => minutes?.toFixed(1))])
    .keyBy(() => 'all airports')
    .aggregate(topN(1000, ([, flights]) => flights))
    .named('rank')
    .flatMap((ranking) => [HEAD, ...ranking.value])
    .to(toStdout({ format: (row) => row.map((cell) => String(cell).padStart(8)).join('') }), { name: 'print' });
});
