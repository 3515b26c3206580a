// A job with everything in place and nothing to do: its sources have given what they had and stay open.

import { job } from 'millrace';
import { blackHole } from 'millrace/connectors/streams';

export default job('quiet', (flow) => {
  const events = flow.from(async function* events() {
    yield 'one';
    yield 'two';
    await new Promise(() => {});
  });
  const ticks = flow.from({
    name: 'ticks',
    bounded: false,
    splits: ({ workers }) => Array.from({ length: workers }, (_, i) => ({ id: `ticks ${i}` })),
    open: () => ({ read: () => 'idle' as const }),
  });
  events
    .merge(ticks)
    .keyBy((event) => event)
    .map((event) => event)
    .named('keyed')
    .mapAsync(async (event) => event)
    .to(blackHole());
});
