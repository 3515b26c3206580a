// What combines records before an exchange, what keeps the state of an aggregate behind it, and what the two ports of its lanes lead to: records
// are added, partial results combined. On a worker.

import type { OperatorNode } from '../engine/graph/operator-node.ts';
import type { ChainStep, Fold } from '../engine/operators/chain-step.ts';
import type { ExchangeOutlet } from '../engine/operators/exchange-outlet.ts';
import type { KeyedAggregate } from '../engine/operators/keyed-aggregate.ts';
import { partialColumns } from '../engine/operators/partial-columns.ts';
import { Preaggregator } from '../engine/operators/preaggregator.ts';
import type { StatefulHost, StatefulLogic, StatefulOperator } from '../engine/operators/stateful-operator.ts';
import { GlobalAggregate } from '../engine/window/global-aggregate.ts';
import { Panes } from '../engine/window/panes.ts';
import { ProcessingTimeWindows } from '../engine/window/processing-time-windows.ts';
import { SessionAggregate } from '../engine/window/session-aggregate.ts';
import { SlidingAggregate } from '../engine/window/sliding-aggregate.ts';
import { paneMs } from '../engine/window/window-spec.ts';
import { WindowedAggregate } from '../engine/window/windowed-aggregate.ts';

export function windowLogic(
  { window, aggregator, spread, options }: OperatorNode['operation'] & { kind: 'window' },
  host: StatefulHost,
): StatefulLogic {
  switch (window.kind) {
    case 'sliding':
      return new SlidingAggregate(window.sizeMs, aggregator, spread, host);
    case 'global':
      return new GlobalAggregate(window, options.discarding === true, aggregator, spread, host);
    default: {
      const logic =
        window.kind === 'session'
          ? new SessionAggregate(window.gapMs, options, aggregator, spread, host)
          : new WindowedAggregate(window, options, aggregator, spread, host);
      return window.time === 'processing' ? new ProcessingTimeWindows(logic, host) : logic;
    }
  }
}

export function windowSteps(
  node: OperatorNode,
  operation: OperatorNode['operation'] & { kind: 'window' },
  operator: StatefulOperator,
): ChainStep[][] {
  const { logic } = operator;
  const { aggregator, key } = operation;
  if (!(logic instanceof WindowedAggregate)) return [[{ kind: 'stateful', node, key, operator, input: 0 }]];
  const add = aggregator.add.bind(aggregator) as Fold;
  const combine = aggregator.combine.bind(aggregator) as Fold;
  const late = (record: unknown, timeMs: number): void => operator.late(record, timeMs);
  return [
    [{ kind: 'window', node, key, select: aggregator.select?.bind(aggregator), add, window: logic, late }],
    [{ kind: 'combineWindow', node, unpack: partialColumns(aggregator).unpack, combine, window: logic }],
  ];
}

/** On the sending side: records are combined before they cross, by pane where results are by hopping window. */
export function preaggregateStep(
  node: OperatorNode,
  operation: OperatorNode['operation'] & { kind: 'aggregate' | 'window' },
  key: (record: unknown) => unknown,
  outlet: ExchangeOutlet,
  actorOfPartition: Uint16Array,
): ChainStep {
  const { aggregator } = operation;
  const create = (): unknown => aggregator.create();
  const window = operation.kind === 'window' && operation.window.kind === 'hopping' ? operation.window : undefined;
  const panes = window === undefined ? Panes.eternal(create) : new Panes(paneMs(window), window.offsetMs, create);
  return {
    kind: 'preaggregate',
    node,
    key,
    select: aggregator.select?.bind(aggregator),
    add: aggregator.add.bind(aggregator) as Fold,
    outlet: new Preaggregator(outlet, panes, actorOfPartition, partialColumns(aggregator).pack),
    windowed: window !== undefined,
    actorOfPartition,
  };
}

export function aggregateSteps(
  node: OperatorNode,
  operation: OperatorNode['operation'] & { kind: 'aggregate' },
  { table }: KeyedAggregate,
): ChainStep[][] {
  const { aggregator, key } = operation;
  const add = aggregator.add.bind(aggregator) as Fold;
  const combine = aggregator.combine.bind(aggregator) as Fold;
  return [
    [{ kind: 'aggregate', node, key, select: aggregator.select?.bind(aggregator), add, table }],
    [{ kind: 'combine', node, unpack: partialColumns(aggregator).unpack, combine, table }],
  ];
}
