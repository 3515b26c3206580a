// The top-N as a user of Millrace writes it.

import { collect, job, topN } from 'millrace';
import { csv } from 'millrace/connectors/csv';

export default job('top-n', { params: { path: '' } }, (flow, { path }) => {
  flow
    .from(csv(path, { columns: { id: 'integer', product: 'string', price: 'number' }, multiline: false }))
    .keyBy((order) => order.product)
    .aggregate({ best: topN(3, (order) => order.price) })
    .map(({ key, best }) => ({ product: key, prices: best.map(({ price }) => price) }))
    .to(collect('best'));
});
