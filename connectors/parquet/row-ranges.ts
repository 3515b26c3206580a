// Cuts a Parquet file into ranges of rows that are decoded one at a time. Main thread, inside splits().
// A row group is the natural range. A very large one is cut further at pages of its columns where the file has an offset index: each
// range is then decoded by itself, and memory does not follow the size of the row group. Without an index a cut would decode
// everything in front of it again, so the row group stays whole.

import { type AsyncBuffer, type ColumnChunk, type FileMetaData, readOffsetIndex } from 'hyparquet';

/** Row groups above this are cut where they can be. */
const LARGE_GROUP_ROWS = 256 * 1024;
/** About this many rows a range: some tens of megabytes of values for a dozen columns. */
const RANGE_ROWS = 64 * 1024;

/** Half-open, in rows of the file. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
  /** Bytes of the wanted columns when decompressed, as the file says. */
  readonly decodedBytes: number;
}

export async function rowRanges(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): Promise<RowRange[]> {
  const wanted = new Set(columns);
  const ranges: RowRange[] = [];
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const chunks = group.columns.filter((chunk) => wanted.has(chunk.meta_data?.path_in_schema[0] ?? ''));
    const bytes = chunks.reduce((sum, chunk) => sum + Number(chunk.meta_data?.total_uncompressed_size ?? 0), 0);
    const cuts = rows > LARGE_GROUP_ROWS ? await pageCuts(file, chunks, rows) : [];
    let start = 0;
    for (const end of [...cuts, rows]) {
      if (end > start)
        ranges.push({ start: groupStart + start, end: groupStart + end, decodedBytes: (bytes * (end - start)) / rows });
      start = end;
    }
    groupStart += rows;
  }
  return ranges;
}

/** Rows at which pages of the column with most pages start, about RANGE_ROWS apart. Empty when a column has no index. */
async function pageCuts(file: AsyncBuffer, chunks: readonly ColumnChunk[], rows: number): Promise<number[]> {
  let finest: number[] = [];
  for (const chunk of chunks) {
    const { offset_index_offset: offset, offset_index_length: length } = chunk;
    // A column of one page is decoded whole for every range: cutting would multiply the work.
    if (offset === undefined || length === undefined) return [];
    const bytes = await file.slice(Number(offset), Number(offset) + length);
    const pages = readOffsetIndex({ view: new DataView(bytes), offset: 0 }).page_locations;
    if (pages.length < rows / LARGE_GROUP_ROWS) return [];
    if (pages.length > finest.length) finest = pages.map((page) => Number(page.first_row_index));
  }
  const cuts: number[] = [];
  for (const row of finest) if (row - (cuts.at(-1) ?? 0) >= RANGE_ROWS && rows - row >= RANGE_ROWS / 2) cuts.push(row);
  return cuts;
}
