// The most frequent words of some text files. Every worker reads its share of the lines and counts its own words first; then
// all counts of one word meet on one worker, by the key.
//
//   millrace run examples/02-word-count.ts --param files='logs/**/*.txt' --param top=20

import { count, job, topN } from 'millrace';
import { toStdout } from 'millrace/connectors/streams';
import { textLines } from 'millrace/connectors/text';

export default job('word-count', { params: { files: 'examples/*.ts', top: 10 } }, (flow, { files, top }) => {
  flow
    .from(textLines(files))
    .flatMap((line) => line.toLowerCase().match(/\p{L}+/gu) ?? [])
    .keyBy((word) => word)
    .aggregate(count())
    // One key for all: the ranking needs to see every word.
    .keyBy(() => 'all words')
    .aggregate(topN(top, (word) => word.value))
    .flatMap((ranking) => ranking.value)
    .to(toStdout({ format: ({ key, value }) => `${String(value).padStart(6)}  ${key}` }));
});
