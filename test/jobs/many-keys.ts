// More keys than the memory for state holds, each of which comes several times: every count must be right in the end.
import { aggregator, collect, job, typeOf, valueState } from 'millrace';
import { generate } from 'millrace/connectors/generate';

export default job('many-keys', { params: { records: 60_000, keys: 20_000 } }, (flow, { records, keys }) => {
  flow
    .from(generate(records, (i) => ({ key: `the key with number ${(i * 7919) % keys}` })))
    .keyBy((r) => r.key)
    .process({
      emits: typeOf<{ key: string; n: number }>(),
      state: { n: valueState(0) },
      onRecord({ key, state, setTimer }) {
        if (state.n.update((n) => n + 1) === 1)
          setTimer(Number.POSITIVE_INFINITY, key.length % 2 === 0 ? 'even' : 'odd');
      },
      onTimer: ({ key, state, emit }) => emit({ key, n: state.n.get() }),
    })
    .keyBy((r) => r.n)
    .aggregate(
      aggregator<{ key: string }, number, number>({
        create: () => 0,
        add: (n) => n + 1,
        combine: (a, b) => a + b,
        result: (n) => n,
      }),
    )
    .to(collect('keysByCount'));
});
