// The sink that all text formats share: records become text, text becomes a file. Any thread; writers live on workers.

import type { Sink, SinkWriter } from '../../engine/connector/sink.ts';
import { OutputFile, outputTarget, refuseForeignParts } from './output-file.ts';

/** Turns records into text. One for each writer. */
export interface TextFormat<T> {
  /** The lines of a batch, each with its line end. */
  encode(batch: readonly T[]): string;
  /** What stands in a file although no record came: a header. */
  empty?(): string;
}

/** @param ending Of part files, when `path` is a folder. */
export function textSink<T>(
  kind: string,
  path: string | URL,
  ending: string,
  format: (path: string) => TextFormat<T>,
): Sink<T> {
  const target = outputTarget(kind, path);
  return {
    name: `${kind}(${target.shown})`,
    ...(target.isFolder ? {} : { writers: 1 as const }),
    open: (context) => {
      refuseForeignParts(target, context, ending);
      const file = target.pathFor(context, ending);
      return new TextWriter(new OutputFile(file), format(file));
    },
  };
}

export class TextWriter<T> implements SinkWriter<T> {
  readonly #file: OutputFile;
  readonly #format: TextFormat<T>;
  #isEmpty = true;

  constructor(file: OutputFile, format: TextFormat<T>) {
    this.#file = file;
    this.#format = format;
  }

  write(batch: readonly T[]): void | Promise<void> {
    if (batch.length === 0) return;
    this.#isEmpty = false;
    return this.#file.writeText(this.#format.encode(batch));
  }

  async prepare(): Promise<void> {
    if (this.#isEmpty) await this.#file.writeText(this.#format.empty?.() ?? '');
    await this.#file.prepare();
  }

  commit(): void {
    this.#file.commit();
  }

  abort(): void {
    this.#file.abort();
  }

  bytesWritten(): number {
    return this.#file.bytesWritten();
  }
}
