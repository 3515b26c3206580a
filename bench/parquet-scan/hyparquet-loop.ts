// The Parquet scan as a loop over the columns that hyparquet decodes, on one thread. Main thread.
//
// A row group at a time, so that memory stays flat; whole columns, so that no row is ever built.

import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { ProductTotal } from '../files/orders.ts';
import { ProductTotals } from '../files/product-totals.ts';

const COLUMNS = ['product', 'quantity', 'price'];

export async function scanParquetByLoop(path: string): Promise<ProductTotal[]> {
  const totals = new ProductTotals();
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks: Record<string, ArrayLike<unknown>[]> = { product: [], quantity: [], price: [] };
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: COLUMNS,
      rowStart,
      rowEnd,
      onChunk: ({ columnName, columnData }) => chunks[columnName]!.push(columnData),
    });
    chunks['product']!.forEach((products, chunk) => {
      const quantities = chunks['quantity']![chunk] as ArrayLike<number>;
      const prices = chunks['price']![chunk] as ArrayLike<number>;
      for (let row = 0; row < products.length; row++) {
        totals.add(products[row] as string, quantities[row]!, prices[row]!);
      }
    });
    rowStart = rowEnd;
  }
  return totals.totals();
}
