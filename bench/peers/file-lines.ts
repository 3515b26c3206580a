// The lines of a file by Node streams, one object a line, and the same as an RxJS observable. Main thread.

import { createReadStream } from 'node:fs';
import { Transform, type TransformCallback, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { filter, lastValueFrom, map, Observable } from 'rxjs';

/** Cuts text into lines; keeps what follows the last newline for the next chunk. */
class Lines extends Transform {
  #rest = '';

  constructor() {
    super({ readableObjectMode: true, encoding: 'utf8', decodeStrings: false });
  }

  override _transform(chunk: string, _encoding: BufferEncoding, done: TransformCallback): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.push(line);
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#rest !== '') this.push(this.#rest);
    done();
  }
}

/** read -> cut into lines -> parse -> take, one object a record, as object mode is used. */
export async function scanByStreams<T>(
  path: string,
  parse: (line: string) => T,
  take: (record: T) => void,
): Promise<void> {
  await pipeline(
    createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 }),
    new Lines(),
    new Transform({
      objectMode: true,
      highWaterMark: 512,
      transform: (line: string, _encoding, done) => done(null, parse(line)),
    }),
    new Writable({
      objectMode: true,
      highWaterMark: 512,
      write(record: T, _encoding, done) {
        take(record);
        done();
      },
    }),
  );
}

/** The lines of a file as an observable; a chunk's lines are emitted at once. */
export function linesOf(path: string): Observable<string> {
  return new Observable((subscriber) => {
    const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 });
    let rest = '';
    stream.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) subscriber.next(line);
    });
    stream.on('end', () => {
      if (rest !== '') subscriber.next(rest);
      subscriber.complete();
    });
    stream.on('error', (error) => subscriber.error(error));
    return () => stream.destroy();
  });
}

/** lines -> map(parse) -> filter -> take. */
export async function scanByRxjs<T>(
  path: string,
  parse: (line: string) => T,
  wanted: (record: T) => boolean,
  take: (record: T) => void,
): Promise<void> {
  const taken = linesOf(path).pipe(
    map(parse),
    filter(wanted),
    map((record) => take(record)),
  );
  await lastValueFrom(taken, { defaultValue: undefined });
}
