// One job, many ways to go wrong: the parameter `fault` says which. Record 1234 of 5000 is the one that is hit.

import { isMainThread } from 'node:worker_threads';
import { aggregator, collect, type DeadLetter, job, type Sink, type Source } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { toNdjson } from 'millrace/connectors/ndjson';
import { forEach } from 'millrace/connectors/streams';
import { textLines } from 'millrace/connectors/text';

const HIT = 1234;
const RECORDS = 5000;

interface Row {
  readonly id: number;
  readonly detail: unknown;
}

const rows = (): Source<Row> => generate(RECORDS, (id) => ({ id, detail: null }), { name: 'rows', splits: 1 });

/** The operator that is at fault, with its name in the messages. */
const FAULTS: Readonly<Record<string, (record: Row) => unknown>> = {
  throws: () => {
    throw new TypeError('no such field');
  },
  throwsUndefined: () => {
    throw undefined;
  },
  loops: () => {
    for (;;) Math.sqrt(2);
  },
  exits: () => process.exit(7),
  rejectsUnhandled: (record) => {
    void Promise.reject(new Error('nobody listens'));
    return record;
  },
  throwsInCallback: (record) => {
    setImmediate(() => {
      throw new Error('thrown in a callback');
    });
    // Long enough for the worker to give its event loop a turn before it goes on: the job must not be over by then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    return record;
  },
};

export default job('faulty', { params: { fault: 'throws', policy: 'fail' } }, (flow, { fault, policy }) => {
  if (fault === 'differs') {
    const numbers = flow.from([1, 2, 3]);
    (isMainThread ? numbers : numbers.map((n) => n + 1)).to(collect('answer'));
    return;
  }
  if (fault === 'sourceThrows') {
    flow
      .from(function* numbers() {
        for (let i = 0; i < HIT; i++) yield i;
        throw new Error('the tape broke');
      })
      .to(collect('answer'));
    return;
  }
  if (fault === 'asyncSourceThrows') {
    flow
      .from(async function* events() {
        for (let i = 0; i < HIT; i++) yield i;
        throw new Error('the line is dead');
      })
      .to(collect('answer'));
    return;
  }
  if (fault === 'closeThrows') {
    flow
      .from(function* numbers() {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: the fault under test
          throw new Error('the second failure');
        }
      })
      .map((i) => {
        if (i === HIT) throw new Error('the first failure');
        return i;
      })
      .to(collect('answer'));
    return;
  }
  if (fault === 'noFile') {
    flow.from(textLines('/nowhere/no-such-file.txt')).to(collect('answer'));
    return;
  }
  if (fault === 'resultThrows') {
    const sumOfIds = aggregator<Row, number, number>({
      name: 'sumOfIds',
      create: () => 0,
      add: (sum, r) => sum + r.id,
      combine: (a, b) => a + b,
      result: (sum) => {
        // Of the ids 4, 14, 24, …
        if (sum === 1_249_500) throw new Error('key 4 has no total');
        return sum;
      },
    });
    const totals = flow
      .from(rows())
      .keyBy((r) => r.id % 10)
      .aggregate(sumOfIds)
      .named('total');
    applyPolicy(totals, policy).to(collect('answer'));
    return;
  }
  if (fault === 'allThrow') {
    const none = flow
      .from(rows())
      .map((r) => FAULTS['throws']!(r))
      .named('parse');
    applyPolicy(none, policy).to(collect('answer'));
    return;
  }
  if (fault === 'generatorThrows') {
    const broken = (i: number): number => {
      if (i === HIT) throw new Error('no such index');
      return i;
    };
    flow.from(generate(RECORDS, broken, { splits: 1 })).to(collect('answer'));
    return;
  }
  if (fault === 'collectLimit') {
    flow.from(rows()).to(collect('answer', { limit: 100 }));
    return;
  }
  if (fault === 'tooLarge' || fault === 'function') {
    const detail = fault === 'tooLarge' ? 'x'.repeat(10_000_000) : { deep: [{ callback: () => 1 }] };
    const made = flow
      .from(rows())
      .map((r) => (r.id === HIT ? { ...r, detail } : r))
      .named('make');
    applyPolicy(made, policy).rebalance().to(collect('answer'));
    return;
  }
  if (fault === 'mapAsyncHangs' || fault === 'mapAsyncRejects') {
    const called = flow
      .from(rows())
      .mapAsync(
        async (r) => {
          if (r.id !== HIT) return r;
          if (fault === 'mapAsyncHangs') return await new Promise<Row>(() => {});
          throw new RangeError('service said no');
        },
        { timeoutMs: 200, concurrency: 4 },
      )
      .named('call');
    applyPolicy(called, policy).to(collect('answer'));
    return;
  }
  if (fault === 'flatMapThrows') {
    const expanded = flow
      .from(rows())
      .flatMap(function* (r) {
        yield r.id;
        if (r.id === HIT) throw new Error('half way');
        yield -r.id;
      })
      .named('expand');
    applyPolicy(expanded, policy).to(collect('answer'));
    return;
  }
  if (fault === 'forEachRejects') {
    flow.from(rows()).to(
      forEach(async (r) => {
        if (r.id === HIT) throw new Error('listener failed');
      }),
      { name: 'listen' },
    );
    return;
  }
  if (fault === 'keyThrows') {
    flow
      .from(rows())
      .keyBy((r) => {
        if (r.id === HIT) throw new Error('no key');
        return r.id % 10;
      })
      .map((r) => r.id)
      .to(collect('answer'));
    return;
  }
  const act = FAULTS[fault];
  if (act === undefined) throw new Error(`no fault '${fault}'`);
  const parsed = flow
    .from(rows())
    .map((r) => (r.id === HIT ? act(r) : r))
    .named('parse');
  applyPolicy(parsed, policy).to(collect('answer'));
});

interface WithPolicy {
  onError(policy: 'fail' | 'skip' | Sink<DeadLetter> | ReturnType<typeof collect<DeadLetter>>): this;
}

function applyPolicy<S extends WithPolicy>(stream: S, policy: string): S {
  if (policy === 'fail') return stream;
  if (policy === 'skip') return stream.onError('skip');
  return stream.onError(policy === 'dead-letter' ? collect<DeadLetter>('dead') : toNdjson<DeadLetter>(policy));
}
