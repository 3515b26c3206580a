// The orders that the scans read, the question they answer, and the answer. Any thread.
//
//   id,placed,customer,product,country,quantity,price,note
//   17,2026-03-05T10:12:00Z,40213,walnut-desk-0417,NO,3,129.95,"leave at the door, ring twice"
//
// Asked: of all orders of two pieces or more, by product, their number, the pieces, and the sum of the prices. Three of eight columns.
// Every order follows from its index alone, so that the answer needs no file. All text is ASCII; one note in eight is quoted.

import { createHash } from 'node:crypto';

export interface Order {
  readonly id: number;
  readonly placed: string;
  readonly customer: number;
  readonly product: string;
  readonly country: string;
  readonly quantity: number;
  readonly price: number;
  readonly note: string;
}

/** What is asked of one product. */
export interface ProductTotal {
  readonly product: string;
  readonly orders: number;
  readonly units: number;
  readonly total: number;
}

/** What all products come to; `digest` covers each of them. Prices are whole cents, so no order of adding changes it. */
export interface OrdersAnswer {
  readonly products: number;
  readonly orders: number;
  readonly digest: string;
}

export const LEAST_QUANTITY = 2;
export const ORDERS_HEADER = 'id,placed,customer,product,country,quantity,price,note\n';

const WOODS = ['walnut', 'oak', 'pine', 'birch', 'ash', 'cherry', 'maple', 'teak', 'elm', 'beech'];
const THINGS = ['desk', 'chair', 'shelf', 'lamp', 'table', 'bench', 'stool', 'cabinet', 'frame', 'bed'];
const COUNTRIES = ['NO', 'DE', 'FR', 'US', 'JP', 'BR', 'IN', 'KE', 'AU', 'CA', 'PL', 'ES'];
const NOTES = ['', 'gift', 'call before delivery', 'second floor', 'fragile', 'invoice by mail', 'no plastic'];
const QUOTED_NOTE = 'leave at the door, ring twice';
const PRODUCTS: readonly string[] = Array.from(
  { length: 1000 },
  (_, i) => `${WOODS[i % 10]}-${THINGS[Math.floor(i / 10) % 10]}-${String(i).padStart(4, '0')}`,
);
const DAYS: readonly string[] = Array.from({ length: 365 }, (_, day) =>
  new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
);
const SEED = 0x5eed_0bad;

/** 32 bits that look random, another sequence for each `salt`: the finalizer of MurmurHash3. */
export function mixed(index: number, salt: number): number {
  let bits = (index ^ Math.imul(salt, 0x9e37_79b1) ^ SEED) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

interface Drawn {
  readonly product: number;
  readonly quantity: number;
  readonly cents: number;
}

/** The part of an order that the question is about. */
function drawn(index: number): Drawn {
  const bits = mixed(index, 1);
  return { product: bits % 1000, quantity: 1 + ((bits >>> 10) % 8), cents: 5 + (mixed(index, 2) % 99_995) };
}

export function orderAt(index: number): Order {
  const { product, quantity, cents } = drawn(index);
  const bits = mixed(index, 3);
  const minute = bits % 1440;
  const hour = String(Math.floor(minute / 60)).padStart(2, '0');
  return {
    id: index,
    placed: `${DAYS[(bits >>> 11) % 365]}T${hour}:${String(minute % 60).padStart(2, '0')}:00Z`,
    customer: mixed(index, 4) % 100_000,
    product: PRODUCTS[product]!,
    country: COUNTRIES[(bits >>> 4) % COUNTRIES.length]!,
    quantity,
    price: cents / 100,
    note: index % 8 === 0 ? QUOTED_NOTE : NOTES[(bits >>> 8) % NOTES.length]!,
  };
}

export function csvLine(order: Order): string {
  const { id, placed, customer, product, country, quantity, price, note } = order;
  const shown = note.includes(',') ? `"${note}"` : note;
  return `${id},${placed},${customer},${product},${country},${quantity},${price.toFixed(2)},${shown}\n`;
}

const answers = new Map<number, OrdersAnswer>();

/** The answer for the first `count` orders, from the orders themselves: no file, no parser. */
export function expectedOrders(count: number): OrdersAnswer {
  const known = answers.get(count);
  if (known !== undefined) return known;
  const orders = new Float64Array(PRODUCTS.length);
  const units = new Float64Array(PRODUCTS.length);
  const cents = new Float64Array(PRODUCTS.length);
  for (let index = 0; index < count; index++) {
    const { product, quantity, cents: price } = drawn(index);
    if (quantity < LEAST_QUANTITY) continue;
    orders[product]!++;
    units[product]! += quantity;
    cents[product]! += price;
  }
  const totals = PRODUCTS.map((product, i) => ({
    product,
    orders: orders[i]!,
    units: units[i]!,
    total: cents[i]! / 100,
  })).filter((total) => total.orders > 0);
  const answer = answerOf(totals);
  answers.set(count, answer);
  return answer;
}

export function answerOf(totals: readonly ProductTotal[]): OrdersAnswer {
  const lines = totals.map(({ product, orders, units, total }) => {
    return `${product} ${orders} ${units} ${Math.round(total * 100)}`;
  });
  return {
    products: totals.length,
    orders: totals.reduce((sum, { orders }) => sum + orders, 0),
    digest: createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16),
  };
}
