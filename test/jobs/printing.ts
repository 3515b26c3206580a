// Prints numbered lines to standard output, as fast as it is read or `rate` a second; without an end where `count` is 0.
import { job } from 'millrace';
import { generate, ratePerSecond } from 'millrace/connectors/generate';
import { toStdout } from 'millrace/connectors/streams';

export default job('printing', { params: { count: 1_000, rate: 0 } }, (flow, { count, rate }) => {
  const make = (index: number) => ({ index });
  const source = rate > 0 ? ratePerSecond(rate, make, count > 0 ? { count } : {}) : generate(count, make);
  flow.from(source).to(toStdout({ format: ({ index }) => `line ${index}` }));
});
