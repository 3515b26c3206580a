// The word count as a user of Millrace writes it.

import { collect, count, job } from 'millrace';
import { textLines } from 'millrace/connectors/text';

export default job('word-count', { params: { path: '' } }, (flow, { path }) => {
  flow
    .from(textLines(path))
    .flatMap((line) => line.split(' '))
    .keyBy((word) => word)
    .aggregate({ count: count() })
    .to(collect('counts'));
});
