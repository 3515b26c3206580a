// Sinks that write down every call the engine makes to them, one line a call, in the file that the parameter `log` names. Which of
// their calls fails is chosen by `fails`.

import { appendFileSync } from 'node:fs';
import { job, type Sink, type SinkWriter, type WriterContext } from 'millrace';
import { generate } from 'millrace/connectors/generate';

class LoggedWriter implements SinkWriter<unknown> {
  readonly #log: (call: string) => void;
  #records = 0;

  constructor(log: (call: string) => void) {
    this.#log = log;
  }

  write(batch: readonly unknown[]): void | Promise<void> {
    this.#records += batch.length;
    if (this.#records > 1000) this.#log('write');
  }
  async prepare(): Promise<void> {
    this.#log('prepare');
  }
  commit(): void {
    this.#log('commit');
  }
  abort(): void {
    this.#log('abort');
  }
}

function logged(name: string, file: string, fails: string, hangs: string): Sink<unknown> {
  const log = (writer: string) => (call: string) => {
    appendFileSync(file, `${name} ${writer} ${call}\n`);
    if (fails === `${name}.${call}`) throw new Error(`${name} cannot ${call}`);
    if (hangs === `${name}.${call}`) for (;;) Math.sqrt(2);
  };
  return {
    name,
    open({ index }: WriterContext) {
      log(`${index}`)('open');
      return new LoggedWriter(log(`${index}`));
    },
  };
}

export default job('two-phase', { params: { log: '', fails: '', hangs: '', records: 20_000 } }, (flow, given) => {
  const numbers = flow.from(generate(given.records, (i) => i));
  numbers.to(logged('left', given.log, given.fails, given.hangs), { name: 'left' });
  numbers.rebalance().to(logged('right', given.log, given.fails, given.hangs), { name: 'right' });
});
