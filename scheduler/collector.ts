// Receives on the main thread what collect() sinks gather. Main thread; it is one more actor, driven by the main event loop.

import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { Graph } from '../engine/graph/graph.ts';
import { LaneEnds } from '../engine/lane/lane-ends.ts';
import type { LaneReader } from '../engine/lane/lane-reader.ts';
import { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { MAIN_THREAD, type PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { type JobMemory, metricsBlocks } from '../engine/protocol/job-memory.ts';
import type { Doorbell } from '../engine/queue/index.ts';

export interface CollectedEdge {
  readonly result: string;
  /** Name of the stage, for errors. */
  readonly stage: string;
  readonly limit: number;
  readonly lanes: readonly LaneReader[];
  readonly recorder: StageRecorder;
}

/** The main thread belongs to the user: the collector takes it for at most about this many frames at a time. */
const FRAMES_A_TURN = 64;
const PARK_MS = 250;

export class Collector {
  readonly results: Record<string, unknown[]> = {};
  readonly #edges: readonly CollectedEdge[];
  readonly #doorbell: Doorbell;
  readonly #nowNs: () => number;
  readonly #frame: unknown[] = [];
  #stopped = false;

  constructor(edges: readonly CollectedEdge[], doorbell: Doorbell, nowNs: () => number) {
    this.#edges = edges;
    this.#doorbell = doorbell;
    this.#nowNs = nowNs;
    for (const edge of edges) {
      Object.defineProperty(this.results, edge.result, { value: [], enumerable: true });
      edge.recorder.begin(nowNs());
    }
  }

  /** Until every lane has ended, or stop(). @throws MillraceError when a result outgrows its limit */
  async run(): Promise<void> {
    while (!this.#stopped) {
      const progress = this.step();
      if (progress === 'done') return;
      if (progress === 'made') {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      this.#doorbell.prepareToPark();
      if (this.#takeFrames() > 0 || this.#allEnded() || this.#stopped) this.#doorbell.cancelPark();
      else await this.#doorbell.parkAsync(PARK_MS);
    }
    this.#close();
  }

  /** Takes a bounded number of frames. @throws as run() */
  step(): 'made' | 'none' | 'done' {
    const frames = this.#takeFrames();
    if (!this.#allEnded()) return frames > 0 ? 'made' : 'none';
    this.#close();
    return 'done';
  }

  stop(): void {
    this.#stopped = true;
    this.#doorbell.endParkAsync();
  }

  #close(): void {
    for (const { recorder } of this.#edges) recorder.close(this.#nowNs());
  }

  #allEnded(): boolean {
    return this.#edges.every(({ lanes }) => lanes.every((lane) => lane.ended));
  }

  #takeFrames(): number {
    let frames = 0;
    for (const edge of this.#edges) {
      edge.recorder.enterStep(this.#nowNs());
      const before = frames;
      for (const lane of edge.lanes) while (frames < FRAMES_A_TURN && this.#take(edge, lane)) frames++;
      edge.recorder.leaveStep(this.#nowNs(), frames > before ? 'made' : 'idle');
    }
    return frames;
  }

  #take(edge: CollectedEdge, lane: LaneReader): boolean {
    const startedNs = this.#nowNs();
    if (!lane.read(this.#frame)) return false;
    const { recorder, result, limit } = edge;
    const records = this.results[result]!;
    if (records.length + lane.count > limit) {
      throw new MillraceError(
        'ERR_SINK',
        `collect('${result}') got more than its limit of ${limit} records: aggregate before it, raise its limit, or use a file sink`,
        { place: { stage: edge.stage, operator: `collect(${result})` } },
      );
    }
    for (let i = 0; i < lane.count; i++) records.push(this.#frame[i]);
    const nowNs = this.#nowNs();
    recorder.recordsIn(lane.count);
    recorder.recordsOut(lane.count);
    recorder.bytesIn(lane.bytes);
    recorder.wait.record(Math.max(0, startedNs - lane.committedNs), lane.count);
    recorder.service.record((nowNs - startedNs) / lane.count, lane.count);
    recorder.age.record(Math.max(0, nowNs - lane.intakeNs), lane.count);
    return true;
  }
}

/** The collector of a job: one edge for each collect() that its graph has. */
export function collectorOf(graph: Graph, plan: PhysicalPlan, memory: JobMemory, nowNs: () => number): Collector {
  const ends = new LaneEnds(plan, memory.lanes, memory.control, MAIN_THREAD);
  const edges = plan.edges.flatMap((edge): CollectedEdge[] => {
    const { operation } = graph.node(edge.reader);
    if (operation.kind !== 'collect') return [];
    const recorder = StageRecorder.over(memory.metrics, edge.to, plan.workers, metricsBlocks(plan));
    const { name } = plan.stages[edge.to]!;
    return [{ result: operation.result, stage: name, limit: operation.limit, lanes: ends.readers(edge), recorder }];
  });
  return new Collector(edges, memory.control.doorbell(plan.workers), nowNs);
}
