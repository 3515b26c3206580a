// The three highest prices of each product: as a loop keeps them, and as the answer. Any thread.
//
// The answer has the prices and not the orders: of orders at an equal price any may be named, and the prices come out the same.

import { createHash } from 'node:crypto';
import { orderAt } from '../files/orders.ts';

export const KEPT = 3;

export interface BestPrices {
  readonly product: string;
  /** Highest first. */
  readonly prices: readonly number[];
}

export interface BestAnswer {
  readonly products: number;
  readonly digest: string;
}

export interface PricedOrder {
  readonly id: number;
  readonly product: string;
  readonly price: number;
}

/** Keeps the best orders of each product, as whole objects, best first. */
export class BestOrders {
  readonly #best = new Map<string, PricedOrder[]>();

  add(order: PricedOrder): void {
    const best = this.#best.get(order.product);
    if (best === undefined) {
      this.#best.set(order.product, [order]);
      return;
    }
    if (best.length === KEPT && best[KEPT - 1]!.price >= order.price) return;
    let at = best.length;
    while (at > 0 && best[at - 1]!.price < order.price) at--;
    best.splice(at, 0, order);
    if (best.length > KEPT) best.pop();
  }

  toArray(): BestPrices[] {
    return Array.from(this.#best, ([product, best]) => ({ product, prices: best.map(({ price }) => price) }));
  }
}

export function answerOf(best: readonly BestPrices[]): BestAnswer {
  const lines = best.map(({ product, prices }) => `${product} ${prices.map((price) => price.toFixed(2)).join(' ')}`);
  return {
    products: best.length,
    digest: createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16),
  };
}

const answers = new Map<number, BestAnswer>();

/** From the orders themselves: all prices of a product sorted, the first three. */
export function expectedBest(count: number): BestAnswer {
  const known = answers.get(count);
  if (known !== undefined) return known;
  const prices = new Map<string, number[]>();
  for (let index = 0; index < count; index++) {
    const { product, price } = orderAt(index);
    const all = prices.get(product);
    if (all === undefined) prices.set(product, [price]);
    else all.push(price);
  }
  const best = Array.from(prices, ([product, all]) => ({
    product,
    prices: all.sort((a, b) => b - a).slice(0, KEPT),
  }));
  const answer = answerOf(best);
  answers.set(count, answer);
  return answer;
}
