import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeLines } from '../../../bench/files/generated-file.ts';
import {
  answerOf,
  csvLine,
  expectedOrders,
  LEAST_QUANTITY,
  ORDERS_HEADER,
  orderAt,
} from '../../../bench/files/orders.ts';
import { ProductTotals } from '../../../bench/files/product-totals.ts';

describe('the orders of the scan benches', () => {
  it('are the same for the same index, and differ from one another', () => {
    expect(orderAt(12_345)).toEqual(orderAt(12_345));
    expect(new Set(Array.from({ length: 1000 }, (_, i) => csvLine(orderAt(i)))).size).toBe(1000);
  });

  it('are written as a line of ASCII each, with the note quoted where it holds a comma', () => {
    const lines = Array.from({ length: 16 }, (_, i) => csvLine(orderAt(i)));
    for (const line of lines)
      expect(line).toMatch(/^\d+,2026-[0-9T:-]+Z,\d+,[a-z]+-[a-z]+-\d{4},[A-Z]{2},[1-8],\d+\.\d\d,[ -~]*\n$/);
    expect(lines.filter((line) => line.endsWith('"leave at the door, ring twice"\n'))).toHaveLength(2);
  });

  it('come to the expected answer when they are added up one by one', () => {
    const totals = new ProductTotals();
    for (let i = 0; i < 5000; i++) {
      const { product, quantity, price } = orderAt(i);
      totals.add(product, quantity, price);
    }
    const answer = answerOf(totals.totals());
    expect(answer).toEqual(expectedOrders(5000));
    expect(answer.orders).toBeGreaterThan(4000);
    expect(answer.orders).toBeLessThan(5000);
    expect(LEAST_QUANTITY).toBe(2);
  });

  it('come to another answer when one product has a cent more', () => {
    const total = { product: 'oak-desk-0001', orders: 2, units: 5, total: 12.34 };
    expect(answerOf([{ ...total, total: 12.35 }]).digest).not.toBe(answerOf([total]).digest);
  });
});

describe('writing lines', () => {
  it('writes every line once and in order, across the blocks that it writes at a time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-lines-'));
    try {
      const path = join(folder, 'lines.csv');
      writeLines(path, 60_000, (index) => csvLine(orderAt(index)), ORDERS_HEADER);
      const lines = readFileSync(path, 'utf8').split('\n');
      expect(lines).toHaveLength(60_002);
      expect(`${lines[0]}\n`).toBe(ORDERS_HEADER);
      for (let index = 0; index < 60_000; index++) expect(`${lines[index + 1]}\n`).toBe(csvLine(orderAt(index)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
