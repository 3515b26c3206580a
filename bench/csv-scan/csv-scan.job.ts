// The CSV scan as a user of Millrace writes it.

import { collect, count, job, sum } from 'millrace';
import { csv } from 'millrace/connectors/csv';
import { LEAST_QUANTITY } from '../files/orders.ts';

export default job('csv-scan', { params: { path: '', multiline: false } }, (flow, { path, multiline }) => {
  const columns = { product: 'string', quantity: 'integer', price: 'number' } as const;
  flow
    .from(csv(path, { columns, multiline }))
    .filter((order) => order.quantity >= LEAST_QUANTITY)
    .keyBy((order) => order.product)
    .aggregate({ orders: count(), units: sum((order) => order.quantity), total: sum((order) => order.price) })
    .to(collect('totals'));
});
