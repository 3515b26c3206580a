import { collect, date, float64, job, nullable, record, string } from 'millrace';
import { z } from 'zod';

/** Raw orders through zod, which parses and refuses; then through a declared record, which fixes the columns of the exchange. */
const Order = z.object({ id: z.string().min(1), amount: z.coerce.number().positive(), note: z.string().optional() });
const Priced = record({ id: string, amount: float64, when: date, note: nullable(string) });

export default job('validated', { params: { policy: 'dead-letter' } }, (flow, { policy }) => {
  const raw: unknown[] = [
    { id: 'a', amount: '12.5', note: 'first' },
    { id: '', amount: '1' },
    { id: 'b', amount: 'many' },
    'not an object',
    { id: 'c', amount: 3 },
  ];
  const orders = flow.from(raw).schema(Order).named('check order');
  if (policy === 'dead-letter') orders.onError(collect('refused'));
  orders
    .map((order) => ({ id: order.id, amount: order.amount, when: new Date(0), note: order.note ?? null }))
    .schema(Priced)
    .rebalance()
    .map((priced) => ({ ...priced, amount: priced.amount * 2 }))
    .to(collect('orders'));
});
