// What the compiler infers through the flow API: `tsc` checks this file, so a wrong type fails the type check, and so does an error that
// is missing where a user would make a mistake. At run time the graphs are built, and nothing more.

import { createReadStream } from 'node:fs';
import { expect, expectTypeOf, it } from 'vitest';
import { csv } from '../../../connectors/csv/index.ts';
import { generate } from '../../../connectors/generate/index.ts';
import { forEach } from '../../../connectors/streams/index.ts';
import {
  collect,
  count,
  type DeadLetter,
  type Flow,
  int32,
  job,
  mean,
  nullable,
  record,
  type Sink,
  type Stream,
  string,
  sum,
} from '../../../index.ts';

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

const flights: readonly Flight[] = [{ origin: 'HAM', delay: 5 }];

/** Builds the graph, and ends what the test left open: only the types count here. */
function built(build: (flow: Flow, end: <T>(stream: Stream<T>) => Stream<T>) => void): void {
  let ends = 0;
  const end = <T>(stream: Stream<T>): Stream<T> => stream.to(collect(`end ${ends++}`));
  expect(job('types', (flow) => build(flow, end)).graph({}).nodes.length).toBeGreaterThan(1);
}

it('infers the records of every source', () => {
  built((flow, end) => {
    expectTypeOf(end(flow.from([1, 2]))).toEqualTypeOf<Stream<number>>();
    expectTypeOf(end(flow.from(new Set(['a'])))).toEqualTypeOf<Stream<string>>();
    const generated = flow.from(generate(3, (index) => ({ index })));
    expectTypeOf(generated).toEqualTypeOf<Stream<{ index: number }>>();
    expectTypeOf(
      end(
        flow.from(function* () {
          yield 1n;
        }),
      ),
    ).toEqualTypeOf<Stream<bigint>>();
    expectTypeOf(
      end(
        flow.from(async function* () {
          yield new Date();
        }),
      ),
    ).toEqualTypeOf<Stream<Date>>();
    flow.from(() => createReadStream('access.log')).to(collect('chunks'));
    const rows = flow.from(csv('flights.csv', { columns: { origin: 'string', delay: 'number' } }));
    rows.map((row) => row.origin.length).to(collect('lengths'));
    // @ts-expect-error there is no such column
    rows.map((row) => row.destination).to(collect('none'));
    generated.to(collect('generated'));
  });
});

it('infers what operators make of records, without annotations', () => {
  built((flow, end) => {
    const stream = flow.from(flights);
    expectTypeOf(stream).toEqualTypeOf<Stream<Flight>>();
    const mapped = stream.map(({ origin, delay }) => ({ from: origin, late: delay > 15 }));
    expectTypeOf(mapped).toEqualTypeOf<Stream<{ from: string; late: boolean }>>();
    mapped.to(collect('mapped'));

    const words = stream.flatMap((flight) => flight.origin.split(''));
    expectTypeOf(words).toEqualTypeOf<Stream<string>>();
    words.to(collect('words'));
    const drawn = stream.flatMap(function* (flight) {
      yield flight.delay;
    });
    expectTypeOf(drawn).toEqualTypeOf<Stream<number>>();
    drawn.to(collect('drawn'));

    const asynchronous = stream.mapAsync(async (flight, { signal, attempt }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      return [flight.delay] as const;
    });
    expectTypeOf(asynchronous).toEqualTypeOf<Stream<readonly [number]>>();
    asynchronous.to(collect('asynchronous'));

    expectTypeOf(end(stream.peek(() => {}).named('seen'))).toEqualTypeOf<Stream<Flight>>();
    expectTypeOf(end(stream.filter((flight) => flight.delay))).toEqualTypeOf<Stream<Flight>>();
    expectTypeOf(end(stream.rebalance().parallelism(2).onError('skip'))).toEqualTypeOf<Stream<Flight>>();
    expectTypeOf(end(stream.broadcast())).toEqualTypeOf<Stream<Flight>>();
  });
});

it('narrows by a type guard', () => {
  built((flow, _end) => {
    const mixed = flow.from<string | number>([1, 'a']);
    const texts = mixed.filter((value): value is string => typeof value === 'string');
    expectTypeOf(texts).toEqualTypeOf<Stream<string>>();
    texts.to(collect());
  });
});

it('names the branches of a split, and no others', () => {
  built((flow, _end) => {
    const { late, early, otherwise, ...rest } = flow
      .from(flights)
      .split({ late: (flight) => flight.delay > 15, early: (flight) => flight.delay < 0 });
    expectTypeOf(late).toEqualTypeOf<Stream<Flight>>();
    expectTypeOf(rest).toEqualTypeOf<{}>();
    late.merge(early, otherwise).to(collect());
    const branches = flow.from(flights).split({ late: (flight) => flight.delay > 15 });
    // @ts-expect-error there is no such branch
    expect(branches.erly).toBeUndefined();
    branches.late.to(collect('late'));
  });
});

it('merges streams of the same and of different records', () => {
  built((flow, end) => {
    const numbers = flow.from([1]);
    expectTypeOf(end(numbers.merge(flow.from([2]), flow.from([3])))).toEqualTypeOf<Stream<number>>();
    const mixed = numbers.merge(flow.from(['a']));
    expectTypeOf(end(mixed)).toEqualTypeOf<Stream<number | string>>();
    const three = numbers.merge(flow.from(['a']), flow.from([true]));
    expectTypeOf(end(three)).toEqualTypeOf<Stream<number | string | boolean>>();
    expectTypeOf(end(numbers.merge(flow.from([2]).keyBy((n) => n)))).toEqualTypeOf<Stream<number>>();
  });
});

it('keeps the key and infers the results of aggregates', () => {
  built((flow, end) => {
    const byOrigin = flow.from(flights).keyBy((flight) => flight.origin);
    const several = byOrigin.aggregate({ n: count(), late: mean((flight) => flight.delay) });
    expectTypeOf<typeof several extends Stream<infer R> ? R : never>().toEqualTypeOf<
      { key: string } & { n: number; late: number | undefined }
    >();
    several.filter((row) => row.n > 1).to(collect('several'));
    const worst = byOrigin.reduce((a, b) => (a.delay > b.delay ? a : b));
    expectTypeOf(worst).toEqualTypeOf<Stream<{ key: string; value: Flight }>>();
    worst.to(collect('worst'));
    const tuples = flow.from(flights).keyBy((flight) => [flight.origin, flight.delay > 0] as const);
    expectTypeOf(end(tuples.aggregate(count()))).toEqualTypeOf<
      Stream<{ key: readonly [string, boolean]; value: number }>
    >();
    // A keyed stream has the other operators as well.
    expectTypeOf(end(byOrigin.map((flight) => flight.delay))).toEqualTypeOf<Stream<number>>();
    // @ts-expect-error there is no such field
    end(byOrigin.aggregate({ total: sum((flight) => flight.dealy) }));
    // @ts-expect-error a sum needs a number
    end(byOrigin.aggregate(sum((flight) => flight.origin)));
    // @ts-expect-error reduce must give what it takes
    end(byOrigin.reduce((a) => a.delay));
  });
});

it('gives what a schema declares', () => {
  built((flow, _end) => {
    const declared = flow.from<unknown>([]).schema(record({ origin: string, delay: nullable(int32) }));
    declared
      .map((flight) => {
        expectTypeOf(flight.origin).toEqualTypeOf<string>();
        expectTypeOf(flight.delay).toEqualTypeOf<number | null>();
        return flight;
      })
      .to(collect());
    // @ts-expect-error there is no such field
    declared.map((flight) => flight.destination).to(collect('none'));
  });
});

it('holds sinks to the records that they take', () => {
  const texts: Sink<string> = { name: 'texts', open: () => ({ write: () => {} }) };
  const letters: Sink<DeadLetter> = { name: 'letters', open: () => ({ write: () => {} }) };
  built((flow, _end) => {
    flow.from(['a']).to(texts);
    flow.from([1]).to(forEach((n) => expectTypeOf(n).toEqualTypeOf<number>()));
    flow.from([1]).onError(letters).to(collect('numbers'));
    // @ts-expect-error a sink of texts takes no numbers
    flow.from([1]).to(texts);
    // @ts-expect-error dead letters are no texts
    flow.from([1]).onError(texts).to(collect('others'));
  });
});

it('finds a misspelt field, option or method where it is written', () => {
  built((flow, _end) => {
    const stream = flow.from(flights);
    // @ts-expect-error there is no such field
    stream.map((flight) => flight.dealy).to(collect('a'));
    // @ts-expect-error there is no such field
    stream.filter((flight) => flight.dealy > 0).to(collect('b'));
    // @ts-expect-error there is no such field
    const keyed = stream.keyBy((flight) => flight.orign);
    keyed.aggregate(count()).to(collect('c'));
    expect(() =>
      // @ts-expect-error there is no such option
      stream.mapAsync(async (flight) => flight, { concurency: 3 }),
    ).toThrow(/no option 'concurency'/);
    // @ts-expect-error flatMap gives an iterable
    stream.flatMap((flight) => flight.delay).to(collect('d'));
    // @ts-expect-error mapAsync gives a promise
    stream.mapAsync((flight) => flight.delay).to(collect('e'));
    expect(() => {
      // @ts-expect-error there is no such operator
      stream.where((flight: Flight) => flight.delay > 0);
    }).toThrow(TypeError);
  });
});
