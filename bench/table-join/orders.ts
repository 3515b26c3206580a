// The rows of the table join, and the answer that they must come to. Any thread.
//
//   orders and shipments in three versions each: 1024 keys in turn, three times over, then the next 1024
//   index   0 .. 1023   1024 .. 2047   2048 .. 3071   3072 ..
//   order   0 .. 1023      0 .. 1023      0 .. 1023   1024 ..
//
// Whoever reads whole blocks reads each key's versions in order, so the last one is known. Amounts are whole cents.

export interface Order {
  readonly order: number;
  readonly customer: number;
  readonly status: string;
  readonly amount: number;
}

export interface Shipment {
  readonly order: number;
  readonly carrier: string;
  readonly city: string;
}

export interface CityTotal {
  readonly city: string;
  readonly orders: number;
  readonly total: number;
}

const KEYS_A_BLOCK = 1024;
const VERSIONS = 3;
export const BLOCK_ROWS: number = KEYS_A_BLOCK * VERSIONS;

const STATUSES = ['placed', 'paid', 'shipped'] as const;
const CARRIERS = ['by rail', 'by road', 'by sea'] as const;
const CITIES: readonly string[] = Array.from({ length: 100 }, (_, i) => `city-${i}`);

function keyAt(index: number): number {
  return Math.floor(index / BLOCK_ROWS) * KEYS_A_BLOCK + (index % KEYS_A_BLOCK);
}

function versionAt(index: number): number {
  return Math.floor((index % BLOCK_ROWS) / KEYS_A_BLOCK);
}

export function orderAt(index: number): Order {
  const order = keyAt(index);
  const version = versionAt(index);
  return { order, customer: order % 5000, status: STATUSES[version]!, amount: ((order * 7919) % 10_000) + version };
}

/** Each version goes to another city. */
export function shipmentAt(index: number): Shipment {
  const order = keyAt(index);
  const version = versionAt(index);
  return { order, carrier: CARRIERS[version]!, city: CITIES[(order * 31 + version * 7) % CITIES.length]! };
}

/** Sorted by city, from the last version of each key alone. */
export function expectedTotals(rows: number): CityTotal[] {
  const totals = new Map<string, CityTotal>();
  for (let block = 0; block < rows; block += BLOCK_ROWS) {
    for (let index = block + BLOCK_ROWS - KEYS_A_BLOCK; index < block + BLOCK_ROWS; index++) {
      const { city } = shipmentAt(index);
      const { orders, total } = totals.get(city) ?? { orders: 0, total: 0 };
      totals.set(city, { city, orders: orders + 1, total: total + orderAt(index).amount });
    }
  }
  return sortedByCity([...totals.values()]);
}

export function sortedByCity(totals: readonly CityTotal[]): CityTotal[] {
  return [...totals].sort((a, b) => (a.city < b.city ? -1 : 1));
}
