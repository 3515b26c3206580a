// An open Parquet file: its bytes for hyparquet and its metadata. Any thread.

import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';
import { cannotRead } from '../files/file-errors.ts';

/** The footer of most files fits; a longer one costs a second read. */
const FOOTER_BYTES = 128 * 1024;

export class ParquetFile implements AsyncBuffer {
  readonly byteLength: number;
  readonly modifiedMs: number;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, byteLength: number, modifiedMs: number) {
    this.#path = path;
    this.#handle = handle;
    this.byteLength = byteLength;
    this.modifiedMs = modifiedMs;
  }

  static async open(path: string): Promise<ParquetFile> {
    try {
      const handle = await open(path, 'r');
      const { size, mtimeMs } = await handle.stat();
      return new ParquetFile(path, handle, size, mtimeMs);
    } catch (error) {
      throw cannotRead(path, error);
    }
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    if (!(start >= 0 && end >= start && end <= this.byteLength)) {
      throw new Error(`bytes ${start}..${end} are not in the file, which has ${this.byteLength}`);
    }
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await this.#read(bytes, at, start + at);
      if (bytesRead === 0) {
        throw new MillraceError(
          'ERR_SOURCE',
          `${this.#path} became shorter while it was read: write files under another name and rename them when they are whole`,
        );
      }
      at += bytesRead;
    }
    return bytes.buffer;
  }

  async metadata(): Promise<FileMetaData> {
    try {
      return await parquetMetadataAsync(this, { initialFetchSize: FOOTER_BYTES, geoparquet: false });
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      throw new MillraceError(
        'ERR_SOURCE',
        `${this.#path} is no Parquet file, or a damaged one (${messageOf(error)}): check that it was written to its end`,
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #read(bytes: Uint8Array, at: number, position: number): Promise<{ bytesRead: number }> {
    try {
      return await this.#handle.read(bytes, at, bytes.length - at, position);
    } catch (error) {
      throw cannotRead(this.#path, error);
    }
  }
}
