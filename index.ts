// The public surface of Millrace. Explicit names, no logic.

export type { Aggregator, ResultOf } from './engine/aggregate/aggregator.ts';
export {
  aggregator,
  approxPercentile,
  collect as collectValues,
  count,
  countDistinct,
  distinct,
  max,
  mean,
  min,
  percentile,
  sum,
  topN,
} from './engine/aggregate/index.ts';
export { type CollectSink, collect } from './engine/connector/collect.ts';
export type { Sink, SinkWriter, WriterContext } from './engine/connector/sink.ts';
export type { ReaderContext, ReadResult, Source, Split, SplitHint, SplitReader } from './engine/connector/source.ts';
export { ERROR_CODES, type ErrorCode } from './engine/errors/error-codes.ts';
export { type ErrorPlace, MillraceError } from './engine/errors/millrace-error.ts';
export type { Emission, Revising, WindowBounds, WindowResultOf } from './engine/flow/aggregate-results.ts';
export { type DedupeOptions, dedupe, type LastPerKeyOptions, lastPerKey } from './engine/flow/dedupe.ts';
export type { Flow } from './engine/flow/flow.ts';
export { type Job, job } from './engine/flow/job.ts';
export {
  type CoGroupOptions,
  coGroup,
  type IntervalGroupOptions,
  type IntervalJoinOptions,
  intervalGroup,
  intervalJoin,
  type WindowJoinOptions,
  windowJoin,
} from './engine/flow/join.ts';
export {
  type BroadcastJoinOptions,
  broadcastJoin,
  type SideInputOptions,
  type SideOptions,
  withSideInput,
} from './engine/flow/side-input.ts';
export { sortByTime } from './engine/flow/sort-by-time.ts';
export type { KeyedStream, LateOption, Stream, WindowedStream } from './engine/flow/stream.ts';
export {
  type ForeignJoinOptions,
  type GroupedTable,
  runningAggregate,
  type Table,
  type TableJoinOptions,
  type TableOptions,
  toTable,
} from './engine/flow/table.ts';
export { type AsOfJoinOptions, asOfJoin, type TableLookupOptions, tableJoin } from './engine/flow/table-lookup.ts';
export {
  any,
  boolean,
  bytes,
  date,
  float64,
  type Infer,
  int32,
  int64,
  list,
  nullable,
  optional,
  type RecordSchema,
  record,
  string,
  structured,
} from './engine/frame/index.ts';
export type { AsyncContext, AsyncOptions, DeadLetter, EventTimeOptions } from './engine/graph/operator-node.ts';
export type { JoinKey } from './engine/join/interval-join.ts';
export type { JoinType, LeftOf, RightOf } from './engine/join/join-type.ts';
export type { SideRows } from './engine/join/side-input.ts';
export type { JoinWindow } from './engine/join/window-join.ts';
export type {
  EventTimeMetrics,
  FlowCounters,
  JobMetrics,
  JobOutcome,
  JobReport,
  LaneMetrics,
  ProgressMetrics,
  ReportedError,
  StageMetrics,
  TimeShares,
  WorkerStageMetrics,
} from './engine/metrics/job-metrics.ts';
export type { LatencySummary } from './engine/metrics/latency-summary.ts';
export type { HistogramName } from './engine/metrics/metrics-layout.ts';
export type { PlanDescription } from './engine/plan/describe-plan.ts';
export {
  type FiredTimer,
  type ProcessContext,
  type ProcessDefinition,
  type ProcessOptions,
  type TypeWitness,
  typeOf,
} from './engine/process/process-definition.ts';
export type { ListState } from './engine/state/list-state.ts';
export type { MapState } from './engine/state/map-state.ts';
export { listState, mapState, type StateSpec, type TimeToLive, valueState } from './engine/state/state-spec.ts';
export type { ValueState } from './engine/state/value-state.ts';
export type { Change } from './engine/table/change.ts';
export type { WindowOptions } from './engine/window/window-options.ts';
export type { WindowSpan } from './engine/window/window-result.ts';
export {
  type GlobalWindow,
  global,
  type HoppingWindow,
  hopping,
  type SessionWindow,
  type SlidingWindow,
  session,
  sliding,
  type TumblingWindow,
  tumbling,
  type WindowSpec,
  type WindowTime,
} from './engine/window/window-spec.ts';
export { explain } from './scheduler/explain.ts';
export type { JobHandle } from './scheduler/job-handle.ts';
export { run } from './scheduler/run.ts';
export type { Notice, RunOptions } from './scheduler/run-options.ts';
