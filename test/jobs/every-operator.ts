// Every operator and every kind of exchange in one job, with results that do not depend on how many workers run it.
//
//   numbers (generate) --+
//   letters (array)    --+-- merge -- split --+-- small: rebalance, map, flatMap, aggregate ------> groups
//   events (async)     --+                    +-- large: mapAsync, keyed reduce ------------------> longest
//                                             +-- otherwise: filter, map on one worker, peek -----> rest
//   letters -- keyBy -- map, keeps order --> disorder (must stay empty)
//   letters -- broadcast -- keyed max -----> heard

import { aggregator, collect, collectValues, count, job, max, sum } from 'millrace';
import { generate } from 'millrace/connectors/generate';

export interface Item {
  readonly id: number;
  readonly group: string;
  readonly size: number;
  readonly note: string | null;
}

export const LETTERS: readonly Item[] = Array.from({ length: 3_000 }, (_, i) => item(1_000_000 + i));
export const EVENTS = 700;

export function item(id: number): Item {
  return { id, group: `g${id % 13}`, size: (id * 7919) % 1000, note: id % 5 === 0 ? null : 'ü'.repeat(id % 7) };
}

export default job('every-operator', { params: { records: 20_000 } }, (flow, { records }) => {
  const letters = flow.from(LETTERS).named('letters');
  const { small, large, otherwise } = flow
    .from(generate(records, item))
    .merge(
      letters,
      flow.from(async function* events() {
        for (let i = 0; i < EVENTS; i++) yield item(2_000_000 + i);
      }),
    )
    .split({ small: (r) => r.size < 300, large: (r) => r.size >= 700 });

  small
    .rebalance()
    .map((r) => ({ ...r, double: r.size * 2 }))
    .flatMap(function* (r) {
      for (let copy = 0; copy <= r.id % 3; copy++) yield { ...r, copy };
    })
    .keyBy((r) => [r.group, r.copy] as const)
    .aggregate({ n: count(), total: sum((r) => r.double), notes: collectValues((r) => r.note?.length ?? -1) })
    .to(collect('groups'));

  large
    .mapAsync(async (r) => (r.id % 50 === 0 ? await new Promise<Item>((done) => setImmediate(done, r)) : r), {
      concurrency: 8,
      ordered: false,
    })
    .keyBy((r) => r.group)
    .reduce((a, b) => (b.size > a.size || (b.size === a.size && b.id < a.id) ? b : a))
    .to(collect('longest'));

  otherwise
    .filter((r) => r.id % 2 === 0)
    .map((r) => r.id)
    .parallelism(1)
    .peek(() => {})
    .to(collect('rest'));

  const lastSeen = new Map<string, number>();
  letters
    .keyBy((r) => r.group)
    .map((r) => {
      const before = lastSeen.get(r.group) ?? -1;
      lastSeen.set(r.group, r.id);
      return { id: r.id, before };
    })
    .filter((r) => r.before >= r.id)
    .to(collect('disorder'));

  letters
    .broadcast()
    .keyBy((r) => r.group)
    .aggregate({ largest: max((r) => r.size), ids: distinctCount() })
    .to(collect('heard'));
});

/** How many different ids there are: every worker hears each record, so counting them would count workers. */
function distinctCount() {
  return aggregator<Item, Set<number>, number>({
    name: 'distinctCount',
    create: () => new Set(),
    add: (ids, r) => ids.add(r.id),
    combine: (a, b) => {
      for (const id of b) a.add(id);
      return a;
    },
    result: (ids) => ids.size,
  });
}
