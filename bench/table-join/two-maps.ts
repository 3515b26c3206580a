// The join of two tables and its totals as a program written by hand for them: a Map a table, a Map of totals. Main thread.

import { type CityTotal, type Order, orderAt, type Shipment, shipmentAt } from './orders.ts';

interface Total {
  orders: number;
  total: number;
}

export function totalsByTwoMaps(rows: number): CityTotal[] {
  const orders = new Map<number, Order>();
  const shipments = new Map<number, Shipment>();
  const totals = new Map<string, Total>();
  const replace = (orderBefore?: Order, before?: Shipment, orderAfter?: Order, after?: Shipment): void => {
    if (orderBefore !== undefined && before !== undefined) count(totals, before.city, -1, -orderBefore.amount);
    if (orderAfter !== undefined && after !== undefined) count(totals, after.city, 1, orderAfter.amount);
  };
  for (let i = 0; i < rows; i++) {
    const order = orderAt(i);
    const shipped = shipments.get(order.order);
    replace(orders.get(order.order), shipped, order, shipped);
    orders.set(order.order, order);
    const shipment = shipmentAt(i);
    const ordered = orders.get(shipment.order);
    replace(ordered, shipments.get(shipment.order), ordered, shipment);
    shipments.set(shipment.order, shipment);
  }
  return [...totals].filter(([, total]) => total.orders > 0).map(([city, total]) => ({ city, ...total }));
}

function count(totals: Map<string, Total>, city: string, orders: number, amount: number): void {
  const known = totals.get(city);
  if (known === undefined) totals.set(city, { orders, total: amount });
  else {
    known.orders += orders;
    known.total += amount;
  }
}
