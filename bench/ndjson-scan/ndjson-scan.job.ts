// The NDJSON scan as a user of Millrace writes it.

import { collect, count, job, sum } from 'millrace';
import { ndjson } from 'millrace/connectors/ndjson';
import { LEAST_QUANTITY, type Order } from '../files/orders.ts';

export default job('ndjson-scan', { params: { path: '' } }, (flow, { path }) => {
  flow
    .from(ndjson<Order>(path))
    .filter((order) => order.quantity >= LEAST_QUANTITY)
    .keyBy((order) => order.product)
    .aggregate({ orders: count(), units: sum((order) => order.quantity), total: sum((order) => order.price) })
    .to(collect('totals'));
});
