import type { Sink, SinkWriter, WriterContext } from '../../engine/connector/sink.ts';

/** A writer that only counts. */
export interface BlackHoleWriter<T> extends SinkWriter<T> {
  /** Records taken by this writer. */
  recordCount(): number;
}

export interface BlackHole<T> extends Sink<T> {
  open(context: WriterContext): BlackHoleWriter<T>;
}

/**
 * Takes every record and keeps none: the sink of benchmarks, and of jobs that act by their side effects. On every worker.
 * How many came is in the stage's metrics.
 *
 * @example
 * flow.from(generate(1e9, (index) => index)).filter(isPrime).to(blackHole())
 */
export function blackHole<T>(): BlackHole<T> {
  return {
    name: 'blackHole',
    open() {
      let count = 0;
      return {
        write(batch) {
          count += batch.length;
        },
        recordCount: () => count,
      };
    },
  };
}
