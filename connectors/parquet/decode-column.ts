// Decodes one column of a range of rows, with hyparquet, into runs of values that the row builder takes from. Workers.
// The library converts each distinct value once when a page has a dictionary: the hooks here stand at that place. A value that no
// record may hold becomes a BadCell in its place, so that the rows around it survive.

import zlib from 'node:zlib';
import { type AsyncBuffer, type DecodedArray, type FileMetaData, parquetRead } from 'hyparquet';
import { compressors as portable } from 'hyparquet-compressors';
import { decimalOf, type ParquetColumn } from './columns.ts';

type Parsers = NonNullable<Parameters<typeof parquetRead>[0]['parsers']>;
type Decompressors = NonNullable<Parameters<typeof parquetRead>[0]['compressors']>;

/** A value that cannot be part of a record, and why. */
export class BadCell {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** Values of consecutive rows. */
export interface ColumnRun {
  readonly values: ArrayLike<unknown>;
  /** Row of the file that `values[0]` belongs to. */
  readonly rowStart: number;
}

export interface DecodedColumn {
  /** In order, without gaps, covering the range or more. */
  readonly runs: readonly ColumnRun[];
  readonly hasBadCells: boolean;
}

type ZlibWithZstd = typeof zlib & {
  zstdDecompressSync?: (input: Uint8Array, options: { maxOutputLength: number }) => Buffer;
};

/**
 * Node's own decompressors where it has them: measured 1.4 (gzip), 3.2 (zstd) and 5.3 (brotli) times as fast as the portable ones.
 * A page is never larger than it says.
 */
const DECOMPRESSORS: Decompressors = {
  ...portable,
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
};
const zstd = (zlib as ZlibWithZstd).zstdDecompressSync;
if (zstd !== undefined) DECOMPRESSORS.ZSTD = (input, length) => zstd(input, { maxOutputLength: Math.max(1, length) });

/** Reads rows [rowStart, rowEnd) of a column. `metadata` is relabelled for the columns of the source. */
export async function decodeColumn(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: ParquetColumn,
  rowStart: number,
  rowEnd: number,
): Promise<DecodedColumn> {
  const hooks = hooksFor(column);
  const runs: ColumnRun[] = [];
  await parquetRead({
    file,
    metadata,
    columns: [column.name],
    rowStart,
    rowEnd,
    utf8: false,
    useOffsetIndex: true,
    compressors: DECOMPRESSORS,
    parsers: hooks.parsers,
    onChunk: (chunk) => {
      if (chunk.rowEnd > rowStart && chunk.rowStart < rowEnd)
        runs.push({ values: chunk.columnData, rowStart: chunk.rowStart });
    },
  });
  runs.sort((a, b) => a.rowStart - b.rowStart);
  let next = rowStart;
  for (const run of runs) {
    if (run.rowStart > next) break;
    next = run.rowStart + run.values.length;
  }
  if (next < rowEnd) throw new Error(`column '${column.name}' ends at row ${next}, the file promises ${rowEnd}`);
  if (column.stored === 'nested') for (const run of runs) detachNested(run.values as DecodedArray, hooks);
  return { runs, hasBadCells: hooks.badCells > 0 };
}

interface Hooks {
  parsers: Partial<Parsers>;
  badCells: number;
}

function hooksFor(column: ParquetColumn): Hooks {
  const hooks: Hooks = { parsers: {}, badCells: 0 };
  const { stored, type, element } = column;
  const bad = (why: string): BadCell => {
    hooks.badCells++;
    return new BadCell(why);
  };
  const text = textDecoder(bad);
  if (stored === 'nested') {
    hooks.parsers = {
      timestampFromMilliseconds: (value) => dateOrBad(momentMs(value, 1n, bad)),
      timestampFromMicroseconds: (value) => dateOrBad(momentMs(value, 1_000n, bad)),
      timestampFromNanoseconds: (value) => dateOrBad(momentMs(value, 1_000_000n, bad)),
      stringFromBytes: text,
    };
  } else if (stored === 'int96') {
    hooks.parsers.timestampFromNanoseconds =
      type === 'bigint' ? (value) => value : (value) => momentMs(value, 1_000_000n, bad);
  } else if (stored === 'decimal') {
    const { scale } = decimalOf(element);
    const convert = (unscaled: bigint) => decimalValue(unscaled, scale, type as 'number' | 'string', bad);
    hooks.parsers.timestampFromMilliseconds = convert;
    hooks.parsers.uuidFromBytes = (bytes: Uint8Array) => convert(signedBigEndian(bytes));
  } else if (stored === 'timestamp') {
    const unit = ticksPerMs(column);
    hooks.parsers.timestampFromMilliseconds = (value) => momentMs(value, unit, bad);
  } else if (stored === 'int64' || stored === 'uint64') {
    hooks.parsers.timestampFromMilliseconds = (value) =>
      safeNumber(stored === 'uint64' ? BigInt.asUintN(64, value) : value, bad);
  } else if (stored === 'jsonText' && type === 'json') {
    hooks.parsers.uuidFromBytes = (bytes: Uint8Array) => checkedJson(text(bytes), bad);
  } else if (stored === 'text' || stored === 'jsonText' || (stored === 'bytes' && type === 'string')) {
    hooks.parsers.uuidFromBytes = text;
  }
  return hooks;
}

function safeNumber(value: bigint, bad: (why: string) => BadCell): number | BadCell {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : bad(`${value} is beyond 2^53: declare the column 'bigint'`);
}

function ticksPerMs({ element: { logical_type: logical, converted_type: converted } }: ParquetColumn): bigint {
  if (logical?.type === 'TIMESTAMP')
    return logical.unit === 'NANOS' ? 1_000_000n : logical.unit === 'MICROS' ? 1_000n : 1n;
  return converted === 'TIMESTAMP_MICROS' ? 1_000n : 1n;
}

function momentMs(ticks: bigint, ticksPerMillisecond: bigint, bad: (why: string) => BadCell): number | BadCell {
  const ms = ticks / ticksPerMillisecond;
  if (ms * ticksPerMillisecond === ticks) {
    const number = Number(ms);
    if (Math.abs(number) <= 8.64e15) return number;
  }
  return bad(
    `the moment ${ticks} (${ticksPerMillisecond} a millisecond) does not fit a Date: declare the column 'bigint'`,
  );
}

function dateOrBad(ms: number | BadCell): Date | BadCell {
  return typeof ms === 'number' ? new Date(ms) : ms;
}

/** A double is right to 15 digits; a division rounds once, so the double is the one that the digits mean. */
export function decimalValue(
  unscaled: bigint,
  scale: number,
  type: 'number' | 'string',
  bad: (why: string) => BadCell,
): number | string | BadCell {
  if (type === 'string') {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
  }
  const number = Number(unscaled);
  if (Number.isSafeInteger(number) && scale <= 22) return number / 10 ** scale;
  return bad(
    `the decimal ${decimalValue(unscaled, scale, 'string', bad)} has more digits than a number holds: declare the column 'string'`,
  );
}

function signedBigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

/** Values of a page lie in one buffer: one view serves them all. */
function textDecoder(bad: (why: string) => BadCell): (bytes: Uint8Array) => string | BadCell {
  let buffer: ArrayBufferLike | undefined;
  let view: Buffer = Buffer.alloc(0);
  return (bytes) => {
    if (bytes === undefined || bytes === null) return bytes;
    if (bytes.buffer !== buffer) {
      buffer = bytes.buffer;
      view = Buffer.from(buffer as ArrayBuffer);
    }
    const end = bytes.byteOffset + bytes.length;
    const text = view.toString('utf8', bytes.byteOffset, end);
    // The decoder puts U+FFFD for what it cannot read; the input may also hold a real one.
    if (text.includes('\ufffd') && Buffer.compare(Buffer.from(text), bytes) !== 0) {
      return bad(`text must be UTF-8: 0x${Buffer.from(bytes.subarray(0, 32)).toString('hex')}`);
    }
    return text;
  };
}

/** The text is parsed once more a row: two rows never share an object. */
function checkedJson(text: string | BadCell, bad: (why: string) => BadCell): string | BadCell {
  if (text instanceof BadCell) return text;
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    return bad(`it is no JSON: ${(error as Error).message}`);
  }
}

/** Gives each row values of its own, turns integers into numbers, and lifts a bad value inside to the cell. */
function detachNested(values: DecodedArray, hooks: Hooks): void {
  for (let index = 0; index < values.length; index++) {
    let bad: BadCell | undefined;
    const visit = (value: unknown): unknown => {
      if (typeof value === 'bigint') {
        const number = Number(value);
        if (Number.isSafeInteger(number)) return number;
        bad ??= new BadCell(`it holds ${value}, beyond 2^53: leave the column out`);
      } else if (value instanceof BadCell) bad ??= value;
      else if (value instanceof Date) return new Date(value);
      else if (value instanceof Uint8Array) return value.slice();
      else if (Array.isArray(value)) return value.map(visit);
      else if (value !== null && typeof value === 'object') {
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member)]));
      }
      return value ?? null;
    };
    const detached = visit(values[index]);
    if (bad !== undefined) hooks.badCells++;
    (values as unknown[])[index] = bad ?? detached;
  }
}
