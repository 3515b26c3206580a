// A job is a module that exports one by default. The function builds the flow; it runs once on every thread, and what it builds runs on
// all of them.
//
//   millrace run examples/01-hello.ts

import { job } from 'millrace';
import { toStdout } from 'millrace/connectors/streams';

export default job('hello', { params: { greeting: 'Hello' } }, (flow, { greeting }) => {
  flow
    .from(['Ada', 'Grace', 'Edsger', 'Barbara'])
    .filter((name) => name.length > 3)
    .map((name) => `${greeting}, ${name}!`)
    .to(toStdout({ format: (line) => line }));
});
