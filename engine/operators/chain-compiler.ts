// Turns a tree of steps into one loop. On the thread of the actor.
//
// A chain of closures shares its type feedback with every other chain in the process and goes megamorphic: 24 ns a record for three
// operators. A loop made by `new Function` has feedback of its own, and V8 inlines the user's functions into it: 4.3 ns. Only so if its text is
// its own, too: V8 keeps one set of feedback for all functions that were made from equal text, so each loop has a number.
//
// The text holds only numbered identifiers and fixed words: nothing of the user's, no names, no data. Functions and outlets
// come in as arguments. Where code generation is forbidden (--disallow-code-generation-from-strings) chain-interpreter.ts does the same
// work more slowly.
//
//   source.map(f).filter(g).keyBy(k).aggregate(…)  becomes, for the sending side:
//
//     for (let i = from; i < to; i++) {
//       const r0 = records[i];
//       step = 0; const r1 = f0(r0);
//       step = 1; if (f1(r1)) {
//         step = 2; const k2 = f2(r1); step = -1; o0.pushTo(t2[hash(k2) & 255], r1);
//       }
//       if (o0.full) return i + 1;
//     }

import { type DecoderFragments, decoderFragments, type FrameMemory, type FrameSchema } from '../frame/index.ts';
import type { OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { hashKey } from '../partition/key-hash.ts';
import { type AccumulatorText, inPane, inTable } from './accumulator-text.ts';
import { interpretChain } from './chain-interpreter.ts';
import type { Chain, ChainHead, ChainStep, Fold, OnThrow } from './chain-step.ts';
import { everyStep, forgives, outletsOf } from './chain-step.ts';
import { ExchangeOutlet } from './exchange-outlet.ts';
import type { Outlet } from './outlet.ts';

export const canGenerateCode: boolean = (() => {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
})();

export function compileChain(
  head: ChainHead,
  steps: readonly ChainStep[],
  onThrow: OnThrow,
  generate: boolean = canGenerateCode,
): Chain {
  if (!generate) return interpretChain(head, steps, onThrow);
  const compile = (): Chain => new ChainCompiler(head, steps, onThrow).compile();
  const exchanges = [...outletsOf(steps)].filter((outlet) => outlet instanceof ExchangeOutlet);
  let chain = compile();
  if (exchanges.length === 0) return chain;
  // The loop holds the text that stores a record in the columns of an exchange, and those change a few times in its life.
  let columns = exchanges.map((exchange) => exchange.columns);
  return (records, from, to, times) => {
    for (let i = 0; i < exchanges.length; i++) {
      if (exchanges[i]!.columns === columns[i]) continue;
      columns = exchanges.map((exchange) => exchange.columns);
      chain = compile();
      break;
    }
    return chain(records, from, to, times);
  };
}

/**
 * Takes all records of the frame at byte `at` through the steps, straight from its columns: V8 sees that a record of which the steps only
 * read fields need not be built. Returns `count`, or the index behind the record that was given up.
 */
export type FrameChain = (
  memory: FrameMemory,
  at: number,
  count: number,
  timesAt: number,
  dictionaries: readonly (readonly string[] | undefined)[],
) => number;

/** For steps without outlets, so that nothing but an error stops the loop within a frame. */
export function compileFrameChain(
  head: ChainHead,
  schema: FrameSchema,
  steps: readonly ChainStep[],
  onThrow: OnThrow,
): FrameChain {
  return new ChainCompiler(head, steps, onThrow).compileForFrames(decoderFragments(schema));
}

/** Behind this the error is the engine's or already placed, and no policy of an operator applies. */
const NOT_USER_CODE = -1;

let chains = 0;

function nextName(): string {
  return `chain${chains++}`;
}

interface Culprit {
  readonly node: OperatorNode;
  /** Set where an exchange reads the fields of a record: what their getters throw is no fault of an operator. */
  readonly unreadable?: (error: unknown, record: unknown) => void;
}

/** Whether records of this step become rows of an exchange. */
function storesRows(step: ChainStep): step is ChainStep & { readonly outlet: ExchangeOutlet } {
  if (step.kind !== 'route' && step.kind !== 'push') return false;
  const { outlet } = step;
  return (
    outlet instanceof ExchangeOutlet && outlet.columns !== undefined && (step.kind === 'route' || !outlet.broadcast)
  );
}

/** Whether the job may go on behind a record at which this step throws. */
function recovers(step: ChainStep): boolean {
  if (forgives(step)) return true;
  for (const inner of everyStep([step])) if (storesRows(inner)) return true;
  return false;
}

class ChainCompiler {
  readonly #head: ChainHead;
  readonly #steps: readonly ChainStep[];
  readonly #onThrow: OnThrow;
  readonly #names: string[] = ['hash', 'onThrow'];
  readonly #values: unknown[];
  readonly #blamed: Culprit[] = [];
  /** What the text of exchanges refers to. */
  readonly #constants = new Map<string, unknown>();
  readonly #outlets: Outlet[];
  /** Whether errors are told with the record that the step at fault received. */
  readonly #tracksRecords: boolean;
  #records = 1;
  #times = 1;
  /** The variable that counts the records of the batch. */
  #index = 'i';

  constructor(head: ChainHead, steps: readonly ChainStep[], onThrow: OnThrow) {
    this.#head = head;
    this.#steps = steps;
    this.#onThrow = onThrow;
    this.#values = [hashKey];
    this.#outlets = [...outletsOf(steps)];
    this.#tracksRecords = [...everyStep(steps)].some(({ node }) => node.policy === 'dead-letter');
  }

  compile(): Chain {
    const timed = this.#head.kind === 'batch' && this.#head.timed === true;
    const body = this.#emit(this.#steps, 'r0', timed ? 't0' : undefined, '      ');
    const stop = this.#outlets.map((outlet) => `${this.#bind('o', outlet)}.full`).join(' || ');
    const generator = this.#head.kind === 'generator' ? this.#head : undefined;
    const head = generator === undefined ? 'records[i]' : `${this.#bind('g', generator.generator)}(i)`;
    // What makes the records has none to tell.
    const forget = this.#tracksRecords ? 'current = undefined; ' : '';
    const blameHead = generator === undefined ? '' : `step = ${this.#blamed.push(generator) - 1}; ${forget}`;
    const constants = [...this.#constants].map(([name, value]) => `const ${name} = ${this.#bind('x', value)};`);
    return this.#build([
      `return function ${nextName()}(records, from, to, times) {`,
      `  ${constants.join(' ')}`,
      `  let i = from, step = ${NOT_USER_CODE}${this.#tracksRecords ? ', current' : ''};`,
      '  try {',
      '    for (; i < to; i++) {',
      `      ${blameHead}const r0 = ${head};${timed ? ' const t0 = times[i];' : ''}`,
      body,
      `      step = ${NOT_USER_CODE};`,
      stop === '' ? '' : `      if (${stop}) return i + 1;`,
      '    }',
      '    return i;',
      '  } catch (error) {',
      `    ${this.#tellError()}`,
      '    return i + 1;',
      '  }',
      '};',
    ]);
  }

  compileForFrames({ setup, clean, cleanRow, row, finish, bindings }: DecoderFragments): FrameChain {
    this.#index = 'k';
    const timed = this.#head.kind === 'batch' && this.#head.timed === true;
    const body = this.#emit(this.#steps, 'r0', timed ? 't0' : undefined, '        ');
    for (const [name, value] of Object.entries(bindings)) {
      this.#names.push(name);
      this.#values.push(value);
    }
    const loop = (decode: string): string[] => [
      '      for (; k < count; k++) {',
      `        ${decode} const r0 = record;${timed ? ' const t0 = times[timesAt + k];' : ''}`,
      body,
      `        step = ${NOT_USER_CODE};`,
      '      }',
    ];
    return this.#build([
      `return function ${nextName()}(memory, at, count, timesAt, dictionaries) {`,
      `  let k = 0, step = ${NOT_USER_CODE}${this.#tracksRecords ? ', current' : ''};`,
      '  try {',
      timed ? '    const times = memory.float64;' : '',
      setup,
      `    if (${clean}) {`,
      ...loop(cleanRow),
      '    } else {',
      ...loop(row),
      '    }',
      finish,
      '    return count;',
      '  } catch (error) {',
      `    ${this.#tellError()}`,
      '    return k + 1;',
      '  }',
      '};',
    ]);
  }

  #build<F>(lines: readonly string[]): F {
    const blamed = this.#blamed;
    const report = (error: unknown, step: number, record: unknown, index: number): void => {
      const culprit = blamed[step];
      if (culprit === undefined) throw error;
      if (culprit.unreadable !== undefined) culprit.unreadable(error, record);
      else this.#onThrow(error, culprit.node, record, index);
    };
    this.#values.splice(1, 0, report);
    return new Function(...this.#names, [`'use strict';`, ...lines].join('\n'))(...this.#values) as F;
  }

  #tellError(): string {
    // Only a dead letter holds the record, and then it is tracked.
    const record = this.#tracksRecords ? 'current' : this.#index === 'i' ? 'records[i]' : 'undefined';
    return `onThrow(error, step, ${record}, ${this.#index});`;
  }

  /** `time` is the variable with the record's event time, where it has one. */
  #emit(steps: readonly ChainStep[], record: string, time: string | undefined, indent: string): string {
    return steps
      .map((step, position) => {
        if (position === steps.length - 1 || !recovers(step)) return this.#emitStep(step, record, time, indent);
        const guarded = this.#emitStep(step, record, time, `${indent}  `);
        return `${indent}try {\n${guarded}\n${indent}} catch (error) {\n${indent}  ${this.#tellError()}\n${indent}}`;
      })
      .join('\n');
  }

  #emitStep(step: ChainStep, record: string, time: string | undefined, indent: string): string {
    const blame = `step = ${this.#blamed.push(step) - 1};${this.#tracksRecords ? ` current = ${record};` : ''}`;
    const unblame = `step = ${NOT_USER_CODE};`;
    switch (step.kind) {
      case 'map': {
        const result = `r${this.#records++}`;
        return `${indent}${blame} const ${result} = ${this.#bind('f', step.fn)}(${record});\n${this.#emit(step.next, result, time, indent)}`;
      }
      case 'filter':
        return `${indent}${blame} if (${this.#bind('f', step.fn)}(${record})) {\n${this.#emit(step.next, record, time, `${indent}  `)}\n${indent}}`;
      case 'peek':
        return `${indent}${blame} ${this.#bind('f', step.fn)}(${record});\n${this.#emit(step.next, record, time, indent)}`;
      case 'time': {
        const t = `t${this.#times++}`;
        const clock = this.#bind('c', step.clock);
        return (
          `${indent}${blame} const ${t} = ${clock}.read(${this.#bind('f', step.fn)}(${record}));\n` +
          this.#emit(step.next, record, t, indent)
        );
      }
      case 'split': {
        const arms = step.branches.map((branch, i) => {
          const test = this.#bind('f', step.tests[i]);
          return `if (${test}(${record})) {\n${this.#branch(branch, step.dropped, record, time, indent)}\n${indent}}`;
        });
        return `${indent}${blame} ${arms.join(' else ')} else {\n${this.#branch(step.otherwise, step.dropped, record, time, indent)}\n${indent}}`;
      }
      case 'push': {
        const outlet = this.#bind('o', step.outlet);
        const inlined = this.#append(step, `${outlet}.turn()`, record, time);
        return `${indent}${unblame} ${inlined ?? `${outlet}.push(${record}${andTime(time)});`}`;
      }
      case 'route': {
        const key = this.#bind('f', step.key);
        const n = this.#blamed.length;
        const receiver = `${this.#bind('t', step.actorOfPartition)}[k${n}]`;
        const push =
          this.#append(step, receiver, record, time) ??
          `${this.#bind('o', step.outlet)}.pushTo(${receiver}, ${record}${andTime(time)});`;
        return `${indent}${blame} const k${n} = hash(${key}(${record})) & ${LIMITS.partitions - 1}; ${unblame} ${push}`;
      }
      case 'preaggregate': {
        const n = this.#blamed.length;
        const outlet = this.#bind('o', step.outlet);
        const target = this.#bind('t', step.actorOfPartition);
        return [
          `${indent}${blame} const k${n} = ${this.#bind('f', step.key)}(${record});`,
          // A record behind what has been promised already may be late: the receiver decides on it by itself.
          `${indent}if (${outlet}.aside${step.windowed ? ` || ${time} < ${outlet}.closedMs` : ''}) {`,
          `${indent}  const p${n} = ${target}[hash(k${n}) & ${LIMITS.partitions - 1}]; ${unblame} ${outlet}.pushTo(p${n}, ${record}${andTime(time)});`,
          `${indent}} else {`,
          `${indent}  const s${n} = ${outlet}.panes.${step.windowed ? `at(${time})` : 'current'};`,
          this.#fold(step, n, this.#selected(step.select, record), inPane(n, `s${n}`, outlet), `${indent}  `),
          `${indent}}`,
        ].join('\n');
      }
      case 'aggregate': {
        const n = this.#blamed.length;
        const table = this.#bind('s', step.table);
        return [
          `${indent}${blame} const k${n} = ${this.#bind('f', step.key)}(${record});`,
          this.#fold(step, n, this.#selected(step.select, record), inTable(n, table), indent),
        ].join('\n');
      }
      case 'window': {
        const n = this.#blamed.length;
        const window = this.#bind('w', step.window);
        return [
          `${indent}${blame} const k${n} = ${this.#bind('f', step.key)}(${record});`,
          `${indent}if (${time} < ${window}.closedMs) {`,
          `${indent}  if (!${window}.takeStraggler(k${n}, ${this.#selected(step.select, record)}, ${time})) ${this.#bind('d', step.late)}(${record}, ${time});`,
          `${indent}} else {`,
          `${indent}  const s${n} = ${window}.panes.at(${time});`,
          this.#fold(step, n, this.#selected(step.select, record), inPane(n, `s${n}`, `s${n}`), `${indent}  `),
          `${indent}}`,
        ].join('\n');
      }
      case 'combineWindow': {
        const n = this.#blamed.length;
        const { found, value } = inPane(n, `s${n}`, `s${n}`);
        return [
          `${indent}${blame} const s${n} = ${this.#bind('w', step.window)}.panes.at(${time}), k${n} = ${record}.k, ${found};`,
          `${indent}${value} = ${this.#bind('f', step.combine)}(${value}, ${this.#bind('f', step.unpack)}(${record}));`,
        ].join('\n');
      }
      case 'stateful': {
        const key = step.key === undefined ? 'undefined' : `${this.#bind('f', step.key)}(${record})`;
        return `${indent}${blame} ${this.#bind('o', step.operator)}.onRecord(${key}, ${record}, ${time ?? 'NaN'}, ${step.input});`;
      }
      case 'combine': {
        const n = this.#blamed.length;
        const { found, value } = inTable(n, this.#bind('s', step.table));
        return [
          `${indent}${blame} const k${n} = ${record}.k, ${found};`,
          `${indent}${value} = ${this.#bind('f', step.combine)}(${value}, ${this.#bind('f', step.unpack)}(${record}));`,
        ].join('\n');
      }
    }
  }

  /** Adds to the accumulator of key `k`. A record that is given up then must not leave behind the one that was made for it. */
  #fold(step: ChainStep & { add: Fold }, n: number, added: string, at: AccumulatorText, indent: string): string {
    const add = `${at.value} = ${this.#bind('f', step.add)}(${at.value}, v${n});`;
    if (step.node.policy === 'fail') return `${indent}const v${n} = ${added}, ${at.found};\n${indent}${add}`;
    return [
      `${indent}const v${n} = ${added}, n${n} = ${at.size}, ${at.found};`,
      `${indent}try { ${add} } catch (error) { if (${at.size} !== n${n}) ${at.undo}; throw error; }`,
    ].join('\n');
  }

  /** Text that stores a record in columns of an exchange: see append-source.ts for what it saves against a call. */
  #append(step: ChainStep, receiver: string, record: string, time: string | undefined): string | undefined {
    if (!storesRows(step)) return undefined;
    const { outlet } = step;
    const prefix = `${this.#bind('o', outlet)}_`;
    const reading = `step = ${this.#blamed.length};${this.#tracksRecords ? ` current = ${record};` : ''}`;
    const names = { prefix, receiver, record, time: time ?? '0' };
    const fragment = outlet.columns!.fragment(names, reading, `step = ${NOT_USER_CODE};`);
    if (fragment === undefined) return undefined;
    this.#blamed.push({ node: step.node, unreadable: (error, row) => outlet.refuseUnreadable(error, row) });
    for (const [name, value] of Object.entries(fragment.constants)) this.#constants.set(name, value);
    return fragment.text;
  }

  #branch(
    steps: readonly ChainStep[],
    dropped: () => void,
    record: string,
    time: string | undefined,
    indent: string,
  ): string {
    if (steps.length === 0) return `${indent}  ${this.#bind('d', dropped)}();`;
    return this.#emit(steps, record, time, `${indent}  `);
  }

  #selected(select: unknown, record: string): string {
    return select === undefined ? record : `${this.#bind('f', select)}(${record})`;
  }

  /** A parameter of the generated function for this value; the same one when it is bound already. */
  #bind(prefix: string, value: unknown): string {
    const bound = this.#values.indexOf(value, 1);
    // Position 1 of the names is onThrow, whose value is added last.
    if (bound >= 0) return this.#names[bound + 1]!;
    const name = `${prefix}${this.#names.length}`;
    this.#names.push(name);
    this.#values.push(value);
    return name;
  }
}

/** Passes the event time on where there is one: streams without pay nothing for it. */
function andTime(time: string | undefined): string {
  return time === undefined ? '' : `, ${time}`;
}
