import { describe, expect, it } from 'vitest';
import { blackHole } from '../../../connectors/streams/index.ts';
import { fingerprint, firstDifference } from '../../../engine/graph/fingerprint.ts';
import { collect, count, type Flow, type Job, job } from '../../../index.ts';

function build(fn: (flow: Flow) => void): ReturnType<Job['graph']> {
  return job('graph', fn).graph({});
}

const refused = (message: RegExp, code = 'ERR_JOB_GRAPH'): unknown =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    place: expect.objectContaining({ job: 'graph' }),
  });

describe('a graph', () => {
  it('must not be empty', () => {
    expect(() => build(() => {})).toThrow(refused(/the job is empty: start with flow\.from/));
  });

  it('must not end without a sink, and tells all open ends at once', () => {
    expect(() =>
      build((flow) => {
        flow
          .from([1])
          .map((n) => n)
          .named('open 1');
        flow.from([2]).filter(Boolean).named('open 2');
        flow.from([3]).to(blackHole());
      }),
    ).toThrow(refused(/'open 1'.*'open 2'/));
  });

  it('does not take dead letters for a reader of what an operator emits', () => {
    expect(() =>
      build(
        (flow) =>
          void flow
            .from([1])
            .map((n) => n)
            .named('map')
            .onError(blackHole()),
      ),
    ).toThrow(refused(/nothing reads what 'map' emits/));
  });

  it('need not read every branch of a split', () => {
    build(
      (flow) =>
        void flow
          .from([1])
          .split({ odd: (n) => n % 2 })
          .odd.to(blackHole()),
    );
  });

  it('has unique operator names and results', () => {
    expect(() =>
      build((flow) => {
        const stream = flow.from([1]);
        stream.map((n) => n).named('same');
        stream.map((n) => n).named('same');
      }),
    ).toThrow(refused(/names must be unique: 'same' is taken/));
    expect(() => build((flow) => void flow.from([1]).to(collect('twice')).to(collect('twice')))).toThrow(
      refused(/collect\('twice'\) stands twice/),
    );
  });

  it.each<[string, (flow: Flow) => void, RegExp, string?]>([
    ['a split without branches', (flow) => flow.from([1]).split({}), /split needs one branch or more/],
    ["a branch called 'otherwise'", (flow) => flow.from([1]).split({ otherwise: Boolean }), /otherwise/],
    ['an aggregate without entries', (flow) => flow.from([1]).keyBy(Number).aggregate({}), /one entry or more/],
    [
      "an entry called 'key'",
      (flow) => flow.from([1]).keyBy(Number).aggregate({ key: count() }),
      /none of them called 'key'/,
    ],
    [
      'parallelism 0',
      (flow) => flow.from([1]).parallelism(0),
      /parallelism must be a whole number from 1 to/,
      'ERR_OPTION_INVALID',
    ],
    ['parallelism 1.5', (flow) => flow.from([1]).parallelism(1.5), /parallelism/, 'ERR_OPTION_INVALID'],
    [
      'a policy that does not exist',
      (flow) => flow.from([1]).onError('ignore' as never),
      /onError takes/,
      'ERR_OPTION_INVALID',
    ],
    [
      'options of mapAsync out of range',
      (flow) => flow.from([1]).mapAsync(async (n) => n, { concurrency: 0, timeoutMs: -1, retry: { retries: 1e9 } }),
      /concurrency.*timeoutMs.*retry\.retries/,
      'ERR_OPTION_INVALID',
    ],
  ])('refuses %s', (_name, fn, message, code) => {
    expect(() => build(fn)).toThrow(refused(message, code));
  });

  it('is not built by an async function, nor by a job without a name', () => {
    expect(() => build((async () => {}) as never)).toThrow(refused(/must not be async/));
    expect(() => job('', () => {})).toThrow(/needs a name/);
  });

  it('says so when its build function throws', () => {
    expect(() =>
      build(() => {
        throw new RangeError('by accident');
      }),
    ).toThrow(refused(/by accident/));
  });
});

describe('the fingerprint of a graph', () => {
  const base = (flow: Flow): void => {
    flow
      .from([1])
      .map((n) => n + 1)
      .keyBy((n) => n)
      .aggregate(count())
      .to(collect('a'));
  };

  it('is the same for the same build', () => {
    expect(firstDifference(fingerprint(build(base)), fingerprint(build(base)))).toBeUndefined();
  });

  it.each<[string, (flow: Flow) => void]>([
    [
      'a function',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 2)
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('a')),
    ],
    [
      'a key',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .keyBy((n) => n % 2)
          .aggregate(count())
          .to(collect('a')),
    ],
    [
      'a name',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .named('x')
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('a')),
    ],
    [
      'parallelism',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .parallelism(1)
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('a')),
    ],
    [
      'a policy',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .onError('skip')
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('a')),
    ],
    [
      'a result',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('b')),
    ],
    [
      'pre-aggregation',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .keyBy((n) => n)
          .aggregate(count(), { preaggregate: false })
          .to(collect('a')),
    ],
    [
      'an operator more',
      (flow) =>
        void flow
          .from([1])
          .map((n) => n + 1)
          .keyBy((n) => n)
          .aggregate(count())
          .to(collect('a'))
          .to(blackHole()),
    ],
    ['an operator less', (flow) => void flow.from([1]).to(blackHole())],
  ])('differs by %s', (_name, other) => {
    expect(firstDifference(fingerprint(build(base)), fingerprint(build(other)))).toMatch(/\S/);
  });
});
