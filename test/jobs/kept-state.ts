// Every operator that keeps state by key, over more keys than the memory for state holds: a digest of what each gives.
import {
  collect,
  count,
  global,
  hopping,
  intervalJoin,
  job,
  max,
  type Stream,
  session,
  sliding,
  sum,
  toTable,
  tumbling,
} from 'millrace';
import { generate } from 'millrace/connectors/generate';

export default job('kept-state', { params: { records: 9_000, keys: 1_800 } }, (flow, { records, keys }) => {
  const readings = flow
    .from(generate(records, (i) => ({ key: `the key with number ${(i * 7919) % keys}`, at: i })))
    .eventTime((reading) => reading.at);
  const byKey = readings.keyBy((reading) => reading.key);
  const digest = <T>(name: string, results: Stream<T>, numberOf: (result: T) => number): void => {
    results
      .keyBy(() => 'all')
      .aggregate({ results: count(), total: sum(numberOf) })
      .to(collect(name));
  };
  const options = { preaggregate: false };
  digest('aggregate', byKey.aggregate({ n: count(), total: sum((r) => r.at) }, options), ({ n, total }) => n * total);
  digest(
    'tumbling',
    byKey.window(tumbling({ sizeMs: 2 * keys }), options).aggregate({ n: count() }),
    ({ n, windowEnd }) => n * windowEnd,
  );
  digest(
    'hopping',
    byKey.window(hopping({ sizeMs: 2 * keys, stepMs: keys }), options).aggregate({ n: count() }),
    ({ n, windowEnd }) => n * windowEnd,
  );
  digest(
    'session',
    byKey.window(session({ gapMs: keys + 1 })).aggregate({ n: count() }),
    ({ n, windowEnd }) => n * windowEnd,
  );
  digest(
    'intervalJoin',
    intervalJoin(byKey, byKey, { lowerMs: 0, upperMs: keys, select: (left, right) => ({ at: left.at, to: right.at }) }),
    ({ at, to }) => to - at + 1,
  );
  digest('table', toTable(byKey).finalRows(), ({ value }) => value.at);
  digest(
    'sliding',
    byKey.window(sliding({ sizeMs: 3 * keys })).aggregate({ n: count(), last: max((r) => r.at) }),
    ({ n, last, windowEnd }) => n * windowEnd + (last ?? 0),
  );
  digest('global', byKey.window(global({ everyCount: 3 })).aggregate({ n: count() }), ({ n }) => n);
});
