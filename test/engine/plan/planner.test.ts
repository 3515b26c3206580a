import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generate } from '../../../connectors/generate/index.ts';
import { blackHole } from '../../../connectors/streams/index.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { describePlan, type PlanDescription } from '../../../engine/plan/describe-plan.ts';
import { lanesOf, MAIN_THREAD, type PhysicalPlan } from '../../../engine/plan/physical-plan.ts';
import { type PlanOptions, plan } from '../../../engine/plan/planner.ts';
import { collect, count, type Flow, job, type Sink, type Stream } from '../../../index.ts';

const numbers = generate(10, (i) => i);
const file: Sink<unknown> = { name: 'file', writers: 1, open: () => ({ write: () => {} }) };

function graphOf(build: (flow: Flow) => void): Graph {
  return job('planned', build).graph({});
}

function planned(build: (flow: Flow) => void, options: Partial<PlanOptions> = {}): PlanDescription {
  const graph = graphOf(build);
  return describePlan(graph, plan(graph, { workers: 4, ...options }));
}

/** A plan as short lines: stages with what is fused in them and where they run, exchanges with their kinds. */
function shape({ stages, exchanges }: PlanDescription): string[] {
  return [
    ...stages.map(({ stage, workers }) => `${stage} on ${workers === 'main' ? workers : workers.join()}`),
    ...exchanges.map(
      ({ from, to, kind, preaggregate }) => `${from} -> ${to}: ${kind}${preaggregate ? ', pre-aggregated' : ''}`,
    ),
  ];
}

describe('the planner', () => {
  it('fuses operators into one stage up to an exchange', () => {
    const description = planned((flow) => {
      flow
        .from(numbers)
        .map((n) => n + 1)
        .named('parse')
        .filter(Boolean)
        .keyBy((n) => n % 2)
        .aggregate(count())
        .named('counts')
        .to(collect('answer'));
    });
    expect(shape(description)).toEqual([
      'parse on 0,1,2,3',
      'counts on 0,1,2,3',
      'collect(answer) on main',
      'parse -> counts: keyed, pre-aggregated',
      'counts -> collect(answer): gather',
    ]);
    expect(description.stages[0]!.operators.map(({ kind }) => kind)).toEqual(['source', 'map', 'filter']);
  });

  it('turns pre-aggregation off for the job, for one aggregate, and where dead letters must see the records', () => {
    const flowOf = (preaggregate: boolean, dead: boolean) => (flow: Flow) => {
      const counts = flow
        .from(numbers)
        .keyBy((n) => n)
        .aggregate(count(), { preaggregate });
      (dead ? counts.onError(blackHole()) : counts).to(blackHole());
    };
    const isOn = (build: (flow: Flow) => void, options = {}): boolean =>
      planned(build, options).exchanges[0]!.preaggregate;
    expect(isOn(flowOf(true, false))).toBe(true);
    expect(isOn(flowOf(true, false), { preaggregate: false })).toBe(false);
    expect(isOn(flowOf(false, false))).toBe(false);
    expect(isOn(flowOf(true, true))).toBe(false);
  });

  it('changes parallelism through an exchange: down to one by gathering, else round robin', () => {
    const description = planned((flow) => {
      flow
        .from(numbers)
        .named('all')
        .map((n) => n)
        .named('two')
        .parallelism(2)
        .map((n) => n)
        .named('one')
        .parallelism(1)
        .map((n) => n)
        .named('many')
        .parallelism(100)
        .to(blackHole());
    });
    expect(shape(description)).toEqual([
      'all on 0,1,2,3',
      'two on 0,1',
      'one on 3',
      'many on 0,1,2,3',
      'all -> two: rebalance',
      'two -> one: gather',
      'one -> many: rebalance',
    ]);
    expect(description.stages[3]!.wantedParallelism).toBe(100);
  });

  it('puts a sink with one writer, and lone stages, on workers in turn', () => {
    const description = planned((flow) => {
      const stream = flow.from(numbers).named('read');
      stream.to(file, { name: 'file 1' }).to(file, { name: 'file 2' });
      stream.to(blackHole(), { name: 'wide' });
    });
    expect(shape(description)).toEqual([
      'read+wide on 0,1,2,3',
      'file 1 on 3',
      'file 2 on 2',
      'read+wide -> file 1: gather',
      'read+wide -> file 2: gather',
    ]);
  });

  it('needs no exchange before a sink with one writer when there is one worker', () => {
    expect(
      shape(planned((flow) => void flow.from(numbers).named('read').to(file, { name: 'file' }), { workers: 1 })),
    ).toEqual(['read+file on 0']);
  });

  it('fuses a merge of streams of one depth, and brings one of another depth through lanes of its worker', () => {
    const same = planned((flow) => {
      flow.from(numbers).named('a').merge(flow.from(numbers).named('b')).named('both').to(blackHole(), { name: 'out' });
    });
    expect(shape(same)).toEqual(['a+b+both+out on 0,1,2,3']);
    const deeper = planned((flow) => {
      const a = flow.from(numbers).named('a');
      a.merge(a.rebalance().named('dealt')).named('both').to(blackHole(), { name: 'out' });
    });
    expect(shape(deeper)).toEqual([
      'a on 0,1,2,3',
      'dealt+both+out on 0,1,2,3',
      'a -> dealt+both+out: rebalance',
      'a -> dealt+both+out: forward',
    ]);
    expect(deeper.exchanges.map(({ lanes }) => lanes)).toEqual([16, 4]);
  });

  it('names stages after what the user named, else after their operators, each once', () => {
    const description = planned((flow) => {
      for (let i = 0; i < 2; i++) {
        flow
          .from(numbers)
          .map((n) => n)
          .map((n) => n)
          .filter(Boolean)
          .map((n) => n)
          .to(blackHole());
      }
    });
    const [first, second] = description.stages.map(({ stage }) => stage);
    expect(first).toMatch(/^generate\+map\+…\+/);
    expect(second).toBe(`${first} (2)`);
  });

  it('divides the budget of an edge over its lanes, within bounds, unless told otherwise', () => {
    const build = (flow: Flow): void => void flow.from(numbers).rebalance().to(blackHole());
    const laneBytes = (workers: number, options = {}): number =>
      planned(build, { workers, ...options }).exchanges[0]!.laneBytes;
    expect(laneBytes(1)).toBe(LIMITS.defaultLaneBytes);
    expect(laneBytes(8)).toBe(LIMITS.defaultLaneBytes);
    expect(laneBytes(32)).toBe(16_384);
    expect(laneBytes(256)).toBe(LIMITS.minLaneBytes);
    expect(laneBytes(256, { laneBytes: 65_536 })).toBe(65_536);
  });

  it('shows a plan as text, as Mermaid and as JSON', () => {
    const description = planned((flow) => {
      flow
        .from(numbers)
        .map((n) => n)
        .named('a "quoted" <b>name</b>')
        .onError('skip')
        .keyBy((n) => n)
        .aggregate(count())
        .named('counts')
        .to(collect('answer'));
    });
    expect(description.renderText()).toMatch(/keyed, pre-aggregated from '.*', 16 lanes of 256 KiB/);
    expect(description.renderText()).toContain('on error: skip');
    const mermaid = description.renderMermaid();
    expect(mermaid).toMatch(/^flowchart LR\n/);
    expect(mermaid).not.toMatch(/"quoted"|<b>name/);
    const json = JSON.parse(JSON.stringify(description)) as { stages: unknown[]; exchanges: unknown[] };
    expect(json.stages).toHaveLength(3);
    expect(json.exchanges).toHaveLength(2);
  });

  // What every plan must hold, whatever the graph.
  it('places every operator once, never exchanges within a stage, and plans the same graph the same way', () => {
    const step = fc.record({
      kind: fc.constantFrom('map', 'merge', 'rebalance', 'broadcast', 'keyBy', 'aggregate', 'split', 'source'),
      from: fc.nat({ max: 30 }),
      other: fc.nat({ max: 30 }),
      parallelism: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), fc.integer({ min: 1, max: 8 }), (steps, workers) => {
        const build = (flow: Flow): void => {
          const streams: Stream<unknown>[] = [flow.from<unknown>(numbers)];
          for (const { kind, from, other, parallelism } of steps) {
            const stream = streams[from % streams.length]!;
            const made = {
              map: () => stream.map((n) => n),
              merge: () => stream.merge(streams[other % streams.length]!),
              rebalance: () => stream.rebalance(),
              broadcast: () => stream.broadcast(),
              keyBy: () => stream.keyBy((n) => n).map((n) => n),
              aggregate: () => stream.keyBy((n) => n).aggregate(count()),
              split: () => stream.split({ some: Boolean }).some,
              source: () => flow.from<unknown>(numbers),
            }[kind]() as Stream<unknown>;
            streams.push(parallelism === undefined ? made : made.parallelism(parallelism));
          }
          streams.forEach(
            (stream, i) => void stream.to(i % 3 === 0 ? file : i % 3 === 1 ? blackHole() : collect(`out ${i}`)),
          );
        };
        const graph = graphOf(build);
        const physical = plan(graph, { workers });
        expect(plan(graphOf(build), { workers })).toEqual(physical);
        checkPlan(graph, physical);
      }),
      { numRuns: 300 },
    );
  });
});

function checkPlan(graph: Graph, physical: PhysicalPlan): void {
  const stageOf = new Map<number, number>();
  for (const stage of physical.stages) {
    for (const node of stage.nodes) {
      expect(stageOf.has(node)).toBe(false);
      stageOf.set(node, stage.id);
    }
    expect(stage.placement.length).toBeGreaterThan(0);
    expect(new Set(stage.placement).size).toBe(stage.placement.length);
    for (const worker of stage.placement) {
      expect(worker === MAIN_THREAD || (worker >= 0 && worker < physical.workers)).toBe(true);
    }
  }
  expect(stageOf.size).toBe(graph.nodes.length);
  expect(new Set(physical.stages.map(({ name }) => name)).size).toBe(physical.stages.length);
  for (const edge of physical.edges) {
    // Stages are numbered by level, so records only ever flow forward: no stage can wait for itself.
    expect(edge.from).toBeLessThan(edge.to);
    expect(lanesOf(physical, edge).length).toBeGreaterThan(0);
    const from = physical.stages[edge.from]!.placement;
    const to = physical.stages[edge.to]!.placement;
    if (edge.kind === 'forward') expect(from.length).toBe(to.length);
    if (edge.kind === 'gather') expect(to.length).toBe(1);
  }
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const isFused = stageOf.get(input.node) === stageOf.get(node.id);
      const carried = physical.edges.filter(
        (edge) => edge.reader === node.id && edge.output.node === input.node && edge.output.port === input.port,
      );
      const times = node.inputs.filter((other) => other.node === input.node && other.port === input.port).length;
      expect(carried.length).toBe(isFused ? 0 : times);
    }
  }
}
