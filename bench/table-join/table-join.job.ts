// The join of two tables as a user of Millrace writes it.

import { collect, count, job, sum, toTable } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { BLOCK_ROWS, orderAt, shipmentAt } from './orders.ts';

const SPLITS = 8;

/** Rows of each table must fill the splits with whole blocks, so that the versions of a key are in one of them. */
export const ROWS_STEP: number = BLOCK_ROWS * SPLITS;

export default job('table-join', { params: { rows: ROWS_STEP } }, (flow, { rows }) => {
  const orders = toTable(flow.from(generate(rows, orderAt, { splits: SPLITS })).keyBy((o) => o.order));
  const shipments = toTable(flow.from(generate(rows, shipmentAt, { splits: SPLITS })).keyBy((s) => s.order));
  orders
    .join(shipments, { select: ({ customer, amount }, { carrier, city }) => ({ customer, amount, carrier, city }) })
    .groupBy((row) => row.city)
    .aggregate({ orders: count(), total: sum((row) => row.amount) })
    .finalRows()
    .map(({ key, value }) => ({ city: key, ...value }))
    .to(collect('totals'));
});
