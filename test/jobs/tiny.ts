// As little as a job can do: what is left of a run is its start and its end.

import { collect, job } from 'millrace';

export default job('tiny', { params: { values: 3 } }, (flow, { values }) => {
  flow
    .from(Array.from({ length: values }, (_, i) => i))
    .keyBy((i) => i)
    .map((i) => i * 2)
    .to(collect('doubled'));
});
