import { inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHistogram, encodeHistogram } from '../../../bench/hdr/encoding.ts';
import { recorded } from './recorded.ts';

const values = fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { maxLength: 200 });

describe('an encoded histogram', () => {
  it('comes back with every count', () => {
    fc.assert(
      fc.property(values, (some) => {
        const histogram = recorded(some);
        const decoded = decodeHistogram(encodeHistogram(histogram));
        expect(decoded.totalCount).toBe(some.length);
        for (let index = 0; index < histogram.countsArrayLength; index++) {
          if (histogram.getCountAtIndex(index) !== decoded.getCountAtIndex(index)) {
            expect.fail(`count of bucket ${index}`);
          }
        }
      }),
    );
  });

  it('keeps counts beyond 32 bits', () => {
    const histogram = recorded([]);
    histogram.recordValueWithCount(1_000, 2 ** 40 + 1);
    expect(decodeHistogram(encodeHistogram(histogram)).totalCount).toBe(2 ** 40 + 1);
  });

  it('has the header that the V2 format prescribes: no index offset, a ratio of one', () => {
    const packed = Buffer.from(encodeHistogram(recorded([1, 1_000, 1_000_000])), 'base64');
    expect(packed.readInt32BE(0)).toBe(0x1c849304 | 0x10);
    expect(packed.readInt32BE(4)).toBe(packed.byteLength - 8);
    const plain = inflateSync(packed.subarray(8));
    expect(plain.readInt32BE(0)).toBe(0x1c849303 | 0x10);
    expect(plain.readInt32BE(4)).toBe(plain.byteLength - 40);
    expect(plain.readInt32BE(8)).toBe(0);
    expect(plain.readInt32BE(12)).toBe(2);
    expect(plain.readBigInt64BE(16)).toBe(1n);
    expect(plain.readBigInt64BE(24)).toBe(2n ** 42n - 1n);
    expect(plain.readDoubleBE(32)).toBe(1);
  });

  it('begins with the letters by which people know such a text', () => {
    expect(encodeHistogram(recorded([7]))).toMatch(/^HISTF/);
  });
});
