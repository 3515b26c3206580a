// A job that writes into every kind of file at once, for longer than anyone waits.

import { job } from 'millrace';
import { toCsv } from 'millrace/connectors/csv';
import { generate } from 'millrace/connectors/generate';
import { toNdjson } from 'millrace/connectors/ndjson';
import { toParquet } from 'millrace/connectors/parquet';
import { toText } from 'millrace/connectors/text';

export default job('written', { params: { folder: '', records: 2 ** 40 } }, (flow, { folder, records }) => {
  const rows = flow.from(generate(records, (i) => ({ id: i, text: `row ${i}`, share: i / 7 })));
  rows.to(toCsv(`${folder}/rows.csv`));
  rows.to(toNdjson(`${folder}/rows.ndjson`));
  rows.to(toNdjson(`${folder}/parts/`));
  rows.to(toParquet(`${folder}/rows.parquet`));
  rows.map((r) => r.text).to(toText(`${folder}/rows.txt.gz`));
});
