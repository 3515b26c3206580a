// A stream parted into named branches by tests, and brought together again. Each record goes into the first branch that accepts it, or
// into `otherwise`.
//
//   millrace run examples/07-split-and-merge.ts

import { count, job, max, min } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { toStdout } from 'millrace/connectors/streams';

export default job('split-and-merge', { params: { parcels: 10_000 } }, (flow, { parcels }) => {
  const { letters, heavy, otherwise } = flow
    .from(generate(parcels, (id) => ({ id, grams: (id * 7919) % 5_000 })))
    .split({ letters: (parcel) => parcel.grams < 500, heavy: (parcel) => parcel.grams >= 2_000 });

  const byPost = letters.map((parcel) => ({ ...parcel, by: 'post', cents: 95 }));
  const byTruck = heavy.map((parcel) => ({
    ...parcel,
    by: 'truck',
    cents: 300 + Math.ceil(parcel.grams / 1_000) * 100,
  }));
  const byVan = otherwise.map((parcel) => ({ ...parcel, by: 'van', cents: 450 }));

  byPost
    .merge(byTruck, byVan)
    .keyBy((parcel) => parcel.by)
    .aggregate({ parcels: count(), cheapest: min((parcel) => parcel.cents), dearest: max((parcel) => parcel.cents) })
    .to(toStdout());
});
