// The top-N as a loop, on one thread: text, indexOf, substring, a Map. Main thread.

import { closeSync, openSync, readSync } from 'node:fs';
import { BestOrders, type BestPrices } from './best-prices.ts';

const BLOCK_BYTES = 1 << 16;

export function bestByLoop(path: string): BestPrices[] {
  const best = new BestOrders();
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const fd = openSync(path, 'r');
  let rest = '';
  let header = true;
  for (;;) {
    const read = readSync(fd, block);
    if (read === 0) break;
    const text = rest + block.toString('latin1', 0, read);
    let at = 0;
    for (;;) {
      const newline = text.indexOf('\n', at);
      if (newline === -1) break;
      const idEnd = text.indexOf(',', at);
      const product = text.indexOf(',', text.indexOf(',', idEnd + 1) + 1) + 1;
      const productEnd = text.indexOf(',', product);
      const price = text.indexOf(',', text.indexOf(',', productEnd + 1) + 1) + 1;
      if (header) header = false;
      else {
        best.add({
          id: Number(text.substring(at, idEnd)),
          product: text.substring(product, productEnd),
          price: Number(text.substring(price, text.indexOf(',', price))),
        });
      }
      at = newline + 1;
    }
    rest = text.substring(at);
  }
  closeSync(fd);
  return best.toArray();
}
