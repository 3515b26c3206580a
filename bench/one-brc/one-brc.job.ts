// The One Billion Row Challenge as a user of Millrace writes it.

import { collect, count, job, max, mean, min } from 'millrace';
import { csv } from 'millrace/connectors/csv';

export default job('one-brc', { params: { path: '' } }, (flow, { path }) => {
  const header = ['station', 'temperature'];
  flow
    .from(csv(path, { header, delimiter: ';', quote: false, columns: { station: 'string', temperature: 'number' } }))
    .keyBy((measured) => measured.station)
    .aggregate({
      min: min((measured) => measured.temperature),
      mean: mean((measured) => measured.temperature),
      max: max((measured) => measured.temperature),
      count: count(),
    })
    .to(collect('stations'));
});
