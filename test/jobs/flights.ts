import { collect, count, job, max, mean, percentile } from 'millrace';
import { parquet } from 'millrace/connectors/parquet';

export default job(
  'flights',
  { params: { file: 'node_modules/vega-datasets/data/flights-3m.parquet' } },
  (flow, { file }) => {
    flow
      .from(parquet(file, { columns: { origin: 'string', delay: 'number' } }))
      .keyBy((flight) => flight.origin)
      .aggregate({
        flights: count(),
        mean: mean((flight) => flight.delay),
        p50: percentile(0.5, (flight) => flight.delay),
        p95: percentile(0.95, (flight) => flight.delay),
        worst: max((flight) => flight.delay),
      })
      .to(collect('answer'));
  },
);
