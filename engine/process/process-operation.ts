// process() as an operator of the graph, checked. Any thread.

import { inspect } from 'node:util';
import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import type { Input, StatefulOperation } from '../graph/operator-node.ts';
import { checkTimeToLive, type StateSpecs } from '../state/state-spec.ts';
import type { AnyProcess, ProcessOptions, StateDefinition } from './process-definition.ts';
import { ProcessLogic } from './process-logic.ts';
import { TimeOrdered } from './time-ordered.ts';

const OPTION_NAMES = ['emits', 'state', 'onRecord', 'onTimer', 'ttlMs', 'ttlTime'];

/** @throws MillraceError ERR_OPTION_INVALID, ERR_OPTION_UNKNOWN, or ERR_JOB_GRAPH for event time that is not there */
export function processOperation(
  definition: AnyProcess,
  options: ProcessOptions,
  { graph, input, key }: { readonly graph: Graph; readonly input: Input; readonly key: (record: unknown) => unknown },
  label: string = 'process',
): StatefulOperation {
  const { job } = graph;
  const place = { job };
  const timed = hasEventTime(graph, input);
  checkOptionNames('process', definition, OPTION_NAMES, place);
  const { state, ttlMs, ttlTime, onRecord, onTimer } = definition;
  const isFunction = (value: unknown): boolean => value === undefined || typeof value === 'function';
  if (onRecord === undefined || !isFunction(onRecord) || !isFunction(onTimer)) {
    const rule = 'process needs a function onRecord(context, record), and may have onTimer(context, timer)';
    throw new MillraceError('ERR_OPTION_INVALID', rule, { place });
  }
  checkTimeToLive({ ...(ttlMs === undefined ? {} : { ttlMs }), ...(ttlTime === undefined ? {} : { ttlTime }) });
  const specs = specsOf(state, job);
  const times = [definition, ...specs].filter((spec) => spec.ttlMs !== undefined);
  if (!timed && times.some((spec) => (spec.ttlTime ?? ttlTime ?? 'event') === 'event')) {
    const rule =
      "a time to live by event time needs event time: call .eventTime() behind the source, or set ttlTime: 'processing'";
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place });
  }
  checkOptionNames('process', options, ['inTimeOrder'], place);
  const { inTimeOrder = false } = options;
  if (inTimeOrder && !timed) {
    const rule = 'inTimeOrder needs event time: call .eventTime((record) => ...) behind the source';
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place });
  }
  return {
    kind: 'stateful',
    label,
    inputs: [{ exchange: 'keyed', key }],
    timed,
    ...(inTimeOrder ? { heldInMemory: 'records that wait for their time' } : {}),
    make: (host) => {
      const logic = new ProcessLogic(definition, timed, host);
      return inTimeOrder ? new TimeOrdered(logic, host) : logic;
    },
    settings: `${inTimeOrder} ${inspect([ttlMs, ttlTime, state], { depth: 8 })} ${typeof state === 'function' ? state : ''} ${onRecord} ${onTimer ?? ''}`,
  };
}

function specsOf(state: StateDefinition | undefined, job: string): readonly StateSpecs[string][] {
  if (state === undefined || typeof state === 'function') return [];
  const isSpec = (spec: unknown): boolean =>
    typeof spec === 'object' && spec !== null && ['value', 'list', 'map'].includes((spec as { kind: string }).kind);
  if (typeof state !== 'object' || state === null || !Object.values(state).every(isSpec)) {
    const rule =
      'state must be a function that makes an object, or hold valueState(), listState() and mapState() by name';
    throw new MillraceError('ERR_OPTION_INVALID', rule, { place: { job } });
  }
  return Object.values(state);
}
