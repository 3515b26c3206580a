// What the compiler infers through process(): `tsc` checks this file. At run time the graphs are built, and nothing more.

import { expect, expectTypeOf, it } from 'vitest';
import { collect, job, listState, mapState, type Stream, typeOf, valueState } from '../../../index.ts';

interface Click {
  readonly user: string;
  readonly page: string;
}

const clicks: readonly Click[] = [{ user: 'ada', page: '/' }];

it('knows key, record, state and what is emitted, without annotations', () => {
  const built = job('types', (flow) => {
    const keyed = flow.from(clicks).keyBy((click) => click.user);
    const made = keyed.process({
      emits: typeOf<{ user: string; clicks: number }>(),
      state: () => ({ clicks: 0, last: undefined as string | undefined }),
      onRecord(context, click) {
        expectTypeOf(click).toEqualTypeOf<Click>();
        expectTypeOf(context.key).toEqualTypeOf<string>();
        expectTypeOf(context.state).toEqualTypeOf<{ clicks: number; last: string | undefined }>();
        context.state.last = click.page;
        context.emit({ user: context.key, clicks: ++context.state.clicks });
        // @ts-expect-error a field is missing
        context.emit({ user: context.key });
        // @ts-expect-error there is no such state
        context.state.none;
      },
      onTimer(context, timer) {
        expectTypeOf(timer.name).toEqualTypeOf<string | undefined>();
        expectTypeOf(context.state.clicks).toEqualTypeOf<number>();
      },
    });
    expectTypeOf(made).toEqualTypeOf<Stream<{ user: string; clicks: number }>>();
    made.to(collect('made'));
    const declared = keyed.process({
      state: {
        count: valueState(0),
        last: valueState<Click>(),
        pages: listState<string>(),
        perPage: mapState<string, number>({ ttlMs: 1_000, ttlTime: 'processing' }),
      },
      onRecord({ state, emit }, click) {
        expectTypeOf(state.count.get()).toEqualTypeOf<number>();
        expectTypeOf(state.last.get()).toEqualTypeOf<Click | undefined>();
        expectTypeOf(state.pages.values()).toEqualTypeOf<string[]>();
        expectTypeOf(state.perPage.get('/')).toEqualTypeOf<number | undefined>();
        state.count.update((count) => count + 1);
        // @ts-expect-error it holds numbers
        state.count.set('one');
        // @ts-expect-error what nobody can be given
        state.last.set(undefined);
        // @ts-expect-error its keys are strings
        state.perPage.set(1, 1);
        emit(click);
      },
    });
    expectTypeOf(declared).toEqualTypeOf<Stream<unknown>>();
    declared.to(collect('declared'));
    keyed.process({ onRecord: (context, click) => context.emit(click.page) }).to(collect('stateless'));
    // @ts-expect-error there is no such option
    expect(() => keyed.process({ onRecord() {}, ttl: 5 })).toThrow("process has no option 'ttl'");
  });
  expect(built.graph({}).nodes.length).toBeGreaterThan(5);
});
