import { collect, count, job, sum } from 'millrace';
import { generate } from 'millrace/connectors/generate';

export default job('keyed-sum', { params: { records: 1_000_000, keys: 1000 } }, (flow, { records, keys }) => {
  flow
    .from(generate(records, (i) => ({ key: (i * 7919) % keys, value: i % 100 })))
    .filter((r) => r.value >= 5)
    .keyBy((r) => r.key)
    .aggregate({ n: count(), total: sum((r) => r.value) })
    .to(collect('answer'));
});
