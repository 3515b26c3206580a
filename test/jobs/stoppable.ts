// Sources that end only when they are told to, read through a keyed exchange into collected results. `source` chooses the kind.

import { collect, job, type ReaderContext, type Source } from 'millrace';
import { generate } from 'millrace/connectors/generate';

/** A reader that answers with promises, a few records at a time. */
function promised(): Source<number> {
  return {
    name: 'promised',
    bounded: false,
    splits: ({ workers }) => Array.from({ length: workers }, (_, i) => ({ id: `promised ${i}` })),
    open(split) {
      const first = Number(split.id.slice('promised '.length)) * 1e9;
      let next = first;
      return {
        async read() {
          await new Promise((resolve) => setTimeout(resolve, 2));
          return [next++, next++, next++];
        },
        locate: (index) => `${split.id} near ${next + index}`,
      };
    },
  };
}

/** A reader that was idle when it was told to stop, and one whose promise never settles. */
function silent(answer: 'idle' | 'never'): Source<number> {
  return {
    name: answer,
    bounded: false,
    splits: () => [{ id: answer }],
    open(_split, _context: ReaderContext) {
      let first = true;
      return {
        read() {
          if (first) {
            first = false;
            return [1, 2, 3];
          }
          return answer === 'idle' ? 'idle' : new Promise<number[]>(() => {});
        },
      };
    },
  };
}

/** One that never says what there is to read. */
function unlisted(): Source<number> {
  return { name: 'unlisted', bounded: true, splits: () => new Promise(() => {}), open: () => ({ read: () => 'done' }) };
}

function sourceOf(kind: string): Source<number> | (() => AsyncGenerator<number>) {
  if (kind === 'generate') return generate(2 ** 40, (i) => i);
  if (kind === 'promised') return promised();
  if (kind === 'unlisted') return unlisted();
  if (kind === 'idle' || kind === 'never') return silent(kind);
  return async function* ticking() {
    for (let i = 0; ; i++) {
      yield i;
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
}

export default job('stoppable', { params: { source: 'generate', openMs: 0 } }, (flow, { source, openMs }) => {
  const numbers = flow.from(sourceOf(source) as Source<number>).named('numbers');
  const openedLate = {
    name: 'opened late',
    open: async () => {
      await new Promise((resolve) => setTimeout(resolve, openMs));
      return { write() {} };
    },
  };
  numbers
    .keyBy((i) => i % 100)
    .map((i) => i)
    .named('keyed')
    .to(collect('seen', { limit: 2 ** 40 }));
  numbers.to(openedLate, { name: 'late' });
});
