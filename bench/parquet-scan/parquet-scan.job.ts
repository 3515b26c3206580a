// The Parquet scan as a user of Millrace writes it.

import { collect, count, job, sum } from 'millrace';
import { parquet } from 'millrace/connectors/parquet';
import { LEAST_QUANTITY } from '../files/orders.ts';

export default job('parquet-scan', { params: { path: '' } }, (flow, { path }) => {
  flow
    .from(parquet(path, { columns: { product: 'string', quantity: 'number', price: 'number' } }))
    .filter((order) => order.quantity >= LEAST_QUANTITY)
    .keyBy((order) => order.product)
    .aggregate({ orders: count(), units: sum((order) => order.quantity), total: sum((order) => order.price) })
    .to(collect('totals'));
});
