// CSV with typed columns into Parquet. Rows that do not fit their types go to a file of dead letters, with the reason and the place. Both
// files appear when the job has succeeded, not before.
//
//   millrace run examples/03-csv-to-parquet.ts --param out=/tmp/orders

import { job } from 'millrace';
import { csv } from 'millrace/connectors/csv';
import { toNdjson } from 'millrace/connectors/ndjson';
import { toParquet } from 'millrace/connectors/parquet';

const PARAMS = { file: 'examples/data/orders.csv', out: 'build/examples/out' };

export default job('csv-to-parquet', { params: PARAMS }, (flow, { file, out }) => {
  flow
    .from(csv(file, { columns: { order: 'integer', customer: 'string', placed: 'date', amount: 'number' } }))
    .named('orders')
    .onError(toNdjson(`${out}/rejected.ndjson`))
    .map((order) => ({ ...order, cents: Math.round(order.amount * 100) }))
    .to(
      toParquet(`${out}/orders.parquet`, {
        schema: { order: 'int32', customer: 'string', placed: 'timestamp', cents: 'int32' },
      }),
    );
});
