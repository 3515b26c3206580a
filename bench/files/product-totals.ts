// The totals of products as the peers keep them: in a Map. Main thread.

import { LEAST_QUANTITY, type ProductTotal } from './orders.ts';

interface Total {
  orders: number;
  units: number;
  total: number;
}

export class ProductTotals {
  readonly #totals = new Map<string, Total>();

  /** Takes one order; those of fewer pieces than asked for are left out. */
  add(product: string, quantity: number, price: number): void {
    if (quantity < LEAST_QUANTITY) return;
    const total = this.#totals.get(product);
    if (total === undefined) this.#totals.set(product, { orders: 1, units: quantity, total: price });
    else {
      total.orders++;
      total.units += quantity;
      total.total += price;
    }
  }

  totals(): ProductTotal[] {
    return Array.from(this.#totals, ([product, total]) => ({ product, ...total }));
  }
}
