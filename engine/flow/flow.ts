import { type SourceLike, toSource } from '../adapters/to-source.ts';
import type { Source } from '../connector/source.ts';
import type { Graph } from '../graph/graph.ts';
import { MAIN_PORT } from '../graph/operator-node.ts';
import { Stream } from './stream.ts';

/** What a job's build function starts from. Any thread. */
export class Flow {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /**
   * A stream of what `source` holds: a connector's source, an array, an iterable, an async iterable, a Node or Web stream, or a
   * function that returns one of these (better for anything that opens a file: the function is called by the one worker that reads).
   *
   * @example
   * flow.from(parquet('flights.parquet'));
   * flow.from([1, 2, 3]);
   * flow.from(() => createReadStream('access.log'));
   */
  from<T>(source: Source<T>): Stream<T>;
  from<T>(source: SourceLike<T>): Stream<T>;
  from<T>(source: SourceLike<T>): Stream<T> {
    const node = this.#graph.add({ kind: 'source', source: toSource(source) as Source<unknown> }, []);
    return new Stream<T>(this.#graph, { node: node.id, port: MAIN_PORT });
  }
}
