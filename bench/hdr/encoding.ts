// Histograms as text that every HdrHistogram reads: V2 encoding, compressed, base64. Any process.
//
//   base64( cookie i32 | length i32 | zlib( header 40 bytes | counts, ZigZag LEB128 ) )           all big-endian
//
//   header: cookie i32 | payload length i32 | normalizing index offset i32 | significant digits i32 |
//           lowest discernible i64 | highest trackable i64 | integer-to-double ratio f64
//
// hdr-histogram-js 3.0.1 writes the counts as it should, but 1 for the index offset and the integer 1 for the double ratio. Its own reader skips
// both; the C and Java readers take them at their word, and would shift every value by one bucket. So both are set right here.
// Source: https://github.com/HdrHistogram/HdrHistogram, AbstractHistogram.encodeIntoByteBuffer.

import { deflateSync, inflateSync } from 'node:zlib';
import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type JsHistogram } from 'hdr-histogram-js';

const ENVELOPE_BYTES = 8;
const INDEX_OFFSET_BYTE = 8;
const RATIO_BYTE = 32;

export function encodeHistogram(histogram: JsHistogram): string {
  const packed = Buffer.from(encodeIntoCompressedBase64(histogram), 'base64');
  const plain = inflateSync(packed.subarray(ENVELOPE_BYTES));
  plain.writeInt32BE(0, INDEX_OFFSET_BYTE);
  plain.writeDoubleBE(1, RATIO_BYTE);
  const compressed = deflateSync(plain);
  const envelope = Buffer.from(packed.subarray(0, ENVELOPE_BYTES));
  envelope.writeInt32BE(compressed.byteLength, 4);
  return Buffer.concat([envelope, compressed]).toString('base64');
}

/** @throws Error for text that is no V2 compressed histogram */
export function decodeHistogram(text: string): JsHistogram {
  // 64: counts as doubles. 32-bit counts would wrap at 50 million records a second within two minutes.
  return decodeFromCompressedBase64(text, 64, false) as JsHistogram;
}
