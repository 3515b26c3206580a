// The orders as files. Any thread; made in the command's process, before any clock.

import { inputPath, makeInput, writeLines } from './generated-file.ts';
import { csvLine, ORDERS_HEADER, orderAt } from './orders.ts';

/** Goes up when what the generator makes changes: files of another version are not taken. */
const VERSION = 1;

export function ordersPath(count: number, format: 'csv' | 'ndjson'): string {
  return inputPath(nameOf(count, format));
}

export function makeOrders(count: number, format: 'csv' | 'ndjson'): Promise<string> {
  return makeInput(nameOf(count, format), (path) => {
    if (format === 'csv') writeLines(path, count, (index) => csvLine(orderAt(index)), ORDERS_HEADER);
    else writeLines(path, count, (index) => `${JSON.stringify(orderAt(index))}\n`);
  });
}

function nameOf(count: number, format: string): string {
  return `orders-v${VERSION}-${count}.${format}`;
}
