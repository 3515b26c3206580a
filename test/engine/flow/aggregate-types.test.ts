// What the compiler infers for aggregate(): `tsc` checks this file, so a wrong type fails the type check and a missing error does too.

import { expect, expectTypeOf, it } from 'vitest';
import { blackHole, forEach } from '../../../connectors/streams/index.ts';
import {
  type Aggregator,
  aggregator,
  collectValues,
  count,
  global,
  hopping,
  job,
  mean,
  type Stream,
  session,
  sliding,
  topN,
  tumbling,
  type WindowOptions,
  type WindowSpan,
} from '../../../index.ts';

interface Flight {
  origin: string;
  delay: number;
}

const flights: Flight[] = [{ origin: 'HAM', delay: 5 }];

it('infers the record and the result of one aggregate and of several, without annotations', () => {
  const built = job('types', (flow) => {
    const byOrigin = flow.from(flights).keyBy((flight) => flight.origin);

    const several = byOrigin.aggregate({ flights: count(), mean: mean((flight) => flight.delay) });
    several.to(
      forEach((row) => {
        expectTypeOf(row.key).toEqualTypeOf<string>();
        expectTypeOf(row.flights).toEqualTypeOf<number>();
        expectTypeOf(row.mean).toEqualTypeOf<number | undefined>();
      }),
    );

    byOrigin.aggregate(count()).to(forEach((row) => expectTypeOf(row).toEqualTypeOf<{ key: string; value: number }>()));
    byOrigin.aggregate(collectValues()).to(forEach((row) => expectTypeOf(row.value).toEqualTypeOf<Flight[]>()));
    byOrigin
      .aggregate(topN(3, (flight) => flight.delay))
      .to(forEach((row) => expectTypeOf(row).toEqualTypeOf<{ key: string; value: Flight[] }>()));
    several
      .keyBy((row) => row.flights > 10)
      .aggregate(topN(1, (row) => row.mean))
      .to(forEach((row) => expectTypeOf(row.value[0]?.key).toEqualTypeOf<string | undefined>()));

    const longest: Aggregator<Flight, number, number> = aggregator({
      name: 'longest',
      create: () => 0,
      add: (most: number, flight: Flight) => Math.max(most, flight.delay),
      combine: (a: number, b: number) => Math.max(a, b),
      result: (most: number) => most,
    });
    byOrigin.aggregate(longest).to(forEach((row) => expectTypeOf(row.value).toEqualTypeOf<number>()));

    // @ts-expect-error there is no field of this name
    byOrigin.aggregate(topN(3, (flight) => flight.delai)).to(blackHole());
    // @ts-expect-error there is no field of this name
    byOrigin.aggregate({ mean: mean((flight) => flight.delai) }).to(blackHole());
  });
  expect(built.graph({}).nodes.map((node) => node.operation.kind)).toContain('aggregate');
});

it('knows which results a window can have', () => {
  const built = job('types', (flow) => {
    const byOrigin = flow
      .from(flights)
      .eventTime((flight) => flight.delay)
      .keyBy((flight) => flight.origin);
    const day = tumbling({ sizeMs: 1_000 });

    const plain = byOrigin.window(day, { preaggregate: false }).aggregate({ mean: mean((flight) => flight.delay) });
    plain.to(
      forEach((row) => {
        expectTypeOf(row.key).toEqualTypeOf<string>();
        expectTypeOf(row.windowEnd).toEqualTypeOf<number>();
        expectTypeOf(row.mean).toEqualTypeOf<number | undefined>();
        // @ts-expect-error there is one result, and it is final
        expectTypeOf(row.emission).toEqualTypeOf<unknown>();
      }),
    );
    byOrigin
      .window(day)
      .aggregate(count())
      .to(forEach((row) => expectTypeOf(row.value).toEqualTypeOf<number>()));
    byOrigin
      .window(day, { earlyMs: 100, late: (late) => late.map((flight) => flight.origin).to(blackHole()) })
      .aggregate(count())
      .to(forEach((row) => expectTypeOf(row.emission).toEqualTypeOf<'early' | 'final'>()));
    byOrigin
      .window(day, { allowedLatenessMs: 100 })
      .aggregate(count())
      .to(forEach((row) => expectTypeOf(row.emission).toEqualTypeOf<'final' | 'late'>()));
    byOrigin
      .window(day, { allowedLatenessMs: 100, earlyMs: 100 })
      .aggregate(count())
      .to(forEach((row) => expectTypeOf(row.emission).toEqualTypeOf<'early' | 'final' | 'late'>()));
    const unknown: WindowOptions = {};
    byOrigin
      .window(day, unknown)
      .aggregate(count())
      .to(forEach((row) => expectTypeOf(row.emission).toEqualTypeOf<'early' | 'final' | 'late' | undefined>()));

    byOrigin
      .window(session({ gapMs: 100 }), { allowedLatenessMs: 100 })
      .aggregate(count())
      .to(
        forEach((row) => {
          expectTypeOf(row.emission).toEqualTypeOf<'final' | 'late'>();
          expectTypeOf(row.revises).toEqualTypeOf<readonly WindowSpan[] | undefined>();
        }),
      );
    byOrigin
      .window(day, { earlyMs: 100 })
      .aggregate(count())
      // @ts-expect-error the bounds of a window that touches others do not change
      .to(forEach((row) => expectTypeOf(row.revises).toEqualTypeOf<unknown>()));

    // @ts-expect-error there is no such option
    expect(() => byOrigin.window(day, { earlyMs: 100, lateness: 3 })).toThrow(/no option 'lateness'/);
  });
  expect(built.graph({}).nodes.map((node) => node.operation.kind)).toContain('window');
});

it('refuses options that say nothing to a kind of window', () => {
  const built = job('types', (flow) => {
    const byOrigin = flow
      .from(flights)
      .eventTime((flight) => flight.delay)
      .keyBy((flight) => flight.origin);
    const late = (records: Stream<unknown>): void => void records.to(blackHole());
    const refused = /has no option|have no option|discarding needs/;

    // Each of these stands for the kind: it compiles.
    byOrigin.window(tumbling({ sizeMs: 1_000 }), { earlyMs: 1, discarding: true, preaggregate: false, late });
    byOrigin.window(hopping({ sizeMs: 1_000, stepMs: 100 }), { earlyMs: 1, allowedLatenessMs: 1, late });
    byOrigin.window(session({ gapMs: 1_000 }), { earlyMs: 1, allowedLatenessMs: 1, late });
    byOrigin.window(sliding({ sizeMs: 1_000 }), { late });
    byOrigin.window(global({ everyCount: 10 }), { discarding: true });
    byOrigin.window(tumbling({ sizeMs: 1_000, time: 'processing' }), { earlyMs: 1, discarding: true });

    // @ts-expect-error a record in several windows cannot be discarded from one
    expect(() => byOrigin.window(hopping({ sizeMs: 9, stepMs: 3 }), { discarding: true, earlyMs: 1 })).toThrow(refused);
    // @ts-expect-error what came since the last result is no session
    expect(() => byOrigin.window(session({ gapMs: 9 }), { discarding: true })).toThrow(refused);
    // @ts-expect-error a sliding window ends with its record
    expect(() => byOrigin.window(sliding({ sizeMs: 9 }), { earlyMs: 1 })).toThrow(refused);
    // @ts-expect-error a late record would change the results of all behind it
    expect(() => byOrigin.window(sliding({ sizeMs: 9 }), { allowedLatenessMs: 1 })).toThrow(refused);
    // @ts-expect-error it never ends
    expect(() => byOrigin.window(global({ everyCount: 9 }), { allowedLatenessMs: 1 })).toThrow(refused);
    // @ts-expect-error no record is late by the clock
    expect(() => byOrigin.window(session({ gapMs: 9, time: 'processing' }), { allowedLatenessMs: 1 })).toThrow(refused);
    // @ts-expect-error no record is late by the clock
    byOrigin.window(hopping({ sizeMs: 9, stepMs: 3, time: 'processing' }), { late });
    // @ts-expect-error nothing is combined before the exchange
    byOrigin.window(session({ gapMs: 9 }), { preaggregate: false });
    byOrigin.aggregate(count()).to(blackHole());
  });
  expect(() => built.graph({})).not.toThrow();
});
