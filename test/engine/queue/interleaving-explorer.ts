import { RingMemory, type WaitResult } from '../../../engine/queue/ring-memory.ts';

// Runs small programs of two or three threads in **every** order that their accesses to shared words can take.
//
// A side is a plain function over a memory: no coroutine, no change to the code under test. It is suspended at an access by an
// exception out of the memory, and resumed by running it again from the start while the memory hands out the results recorded
// so far. What a side does next depends on the values it read and on nothing else, so the tree of its histories is built once:
//
//      history node --(result of its access)--> history node --> ... --> finished, or failed
//
// A state of the whole is the words, one history node a side, and who sleeps. Two orders that lead to the same state have the
// same futures, so each state is visited once; that, not sampling, is what keeps the number of orders small enough to do all.
//
// Checked in every state: no side throws; some side can move unless all have finished (a lost wake-up is a state in which all
// sleep); and no plain access races: two plain accesses to a word, one of them a store, must be ordered by atomics between
// (vector clocks). That last check carries the rest: a program without data races behaves in JavaScript as if every access were
// sequentially consistent, and where a plain access stands between two atomics of its side changes nothing that anyone can see.
// So only atomics, sleeps and notifies are interleaved, and plain accesses follow at once on what came before them.

export interface Side {
  name: string;
  run(memory: RingMemory): void;
}

export interface Exploration {
  states: number;
  /** Different end states, as the words of interest and what each side returned were when all had finished. */
  endings: number;
}

export interface Scenario {
  sides: readonly Side[];
  /** What the words hold before any side runs. All others hold 0. */
  initialWords?: Int32Array;
  /** How many sleeps with a finite time may run out in one order: without a bound a side could time out for ever. */
  timeoutsMax?: number;
  /** More states than this are an error: the case is not small. */
  statesMax?: number;
  /** Called with the words of every end state; throws when they are wrong. */
  atEnd?(words: ReadonlyMap<number, number>): void;
}

/** Something went wrong in one order of accesses, which the message shows. */
export class InterleavingError extends Error {
  override readonly name = 'InterleavingError';
  readonly kind: 'failed' | 'deadlock' | 'race' | 'wrong end';

  constructor(kind: InterleavingError['kind'], what: string, schedule: Trace | undefined, cause?: unknown) {
    super(`${kind}: ${what}\nin this order:\n${describeTrace(schedule)}`, { cause });
    this.kind = kind;
  }
}

type Result = number | WaitResult;

interface Operation {
  kind: 'load' | 'store' | 'loadPlain' | 'storePlain' | 'wait' | 'notify';
  word: number;
  value: number;
  timeoutMs: number;
}

/** All that a side has read so far, and what it does next. */
interface HistoryNode {
  id: number;
  parent: HistoryNode | undefined;
  /** The result of the parent's operation that leads here. */
  result: Result;
  next: Operation | 'finished' | { threw: unknown };
  children: Map<Result, HistoryNode>;
}

interface PlainClock {
  writer: number;
  writeTime: number;
  /** Time of the last read by each side. */
  readTimes: number[];
}

interface State {
  words: Map<number, number>;
  histories: HistoryNode[];
  sleeping: boolean[];
  timeouts: number;
  /** What each side knows of every side's time. */
  clocks: number[][];
  /** What an acquiring load of the word learns. */
  released: Map<number, number[]>;
  plain: Map<number, PlainClock>;
  trace: Trace | undefined;
}

interface Trace {
  side: string;
  what: string;
  before: Trace | undefined;
}

/** About 10 s and 200 MB. */
const STATES_MAX = 400_000;

class Suspended extends Error {}

/** Feeds a side the results of one history; suspends it at the first access beyond. */
class ReplayMemory extends RingMemory {
  readonly #results: Result[];
  #replayed = 0;
  next: Operation | undefined;

  constructor(results: Result[]) {
    super(new Int32Array(1));
    this.#results = results;
  }

  #access(kind: Operation['kind'], word: number, value = 0, timeoutMs = 0): Result {
    if (this.next !== undefined)
      throw new Error('A side went on after it was suspended: something swallows exceptions');
    const result = this.#results[this.#replayed++];
    if (result !== undefined) return result;
    this.next = { kind, word, value, timeoutMs };
    throw new Suspended();
  }

  override loadPlain(word: number): number {
    return this.#access('loadPlain', word) as number;
  }

  override storePlain(word: number, value: number): void {
    this.#access('storePlain', word, value);
  }

  override loadOpaque(word: number): number {
    return this.#access('load', word) as number;
  }

  override loadAcquire(word: number): number {
    return this.#access('load', word) as number;
  }

  override storeRelease(word: number, value: number): void {
    this.#access('store', word, value);
  }

  override loadSeqCst(word: number): number {
    return this.#access('load', word) as number;
  }

  override storeSeqCst(word: number, value: number): void {
    this.#access('store', word, value);
  }

  override wait(word: number, value: number, timeoutMs: number): WaitResult {
    return this.#access('wait', word, value, timeoutMs) as WaitResult;
  }

  override waitAsync(): never {
    throw new Error('The explorer runs blocking code only');
  }

  override notify(word: number): void {
    this.#access('notify', word);
  }
}

/**
 * Visits every state that the sides can reach.
 *
 * @throws InterleavingError for the first order in which something is wrong
 */
export function exploreInterleavings(scenario: Scenario): Exploration {
  return new Explorer(scenario).run();
}

class Explorer {
  readonly #scenario: Scenario;
  readonly #sides: readonly Side[];
  #historyCount = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#sides = scenario.sides;
  }

  run(): Exploration {
    const seen = new Set<string>();
    const endings = new Set<string>();
    const open: State[] = [this.#initialState()];
    for (let popped = open.pop(); popped !== undefined; popped = open.pop()) {
      const state = this.#performPlain(popped);
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      const statesMax = this.#scenario.statesMax ?? STATES_MAX;
      if (seen.size > statesMax) throw new RangeError(`A case must have at most ${statesMax} states: make it smaller`);
      const following = this.#successors(state);
      if (following.length > 0) {
        open.push(...following);
      } else if (state.histories.every((history) => history.next === 'finished')) {
        this.#checkEnd(state);
        endings.add(`${[...state.words].sort(([a], [b]) => a - b).join(' ')}|${state.histories.map((h) => h.id)}`);
      } else {
        const asleep = this.#sides.filter((_, side) => state.sleeping[side]).map((side) => side.name);
        throw new InterleavingError('deadlock', `${asleep.join(' and ')} would sleep for ever`, state.trace);
      }
    }
    return { states: seen.size, endings: endings.size };
  }

  #initialState(): State {
    const words = new Map<number, number>();
    this.#scenario.initialWords?.forEach((value, word) => {
      if (value !== 0) words.set(word, value);
    });
    const histories = this.#sides.map((_, side) => this.#newHistory(side, undefined, 0));
    return {
      words,
      histories,
      sleeping: this.#sides.map(() => false),
      timeouts: 0,
      clocks: this.#sides.map((_, side) => this.#sides.map((_, other) => (other === side ? 1 : 0))),
      released: new Map(),
      plain: new Map(),
      trace: undefined,
    };
  }

  #newHistory(side: number, parent: HistoryNode | undefined, result: Result): HistoryNode {
    const results: Result[] = parent === undefined ? [] : [result];
    for (let node = parent; node?.parent !== undefined; node = node.parent) results.push(node.result);
    const memory = new ReplayMemory(results.reverse());
    let next: HistoryNode['next'] = 'finished';
    try {
      this.#sides[side]!.run(memory);
    } catch (error) {
      next = error instanceof Suspended && memory.next !== undefined ? memory.next : { threw: error };
    }
    return { id: this.#historyCount++, parent, result, next, children: new Map() };
  }

  /** Plain accesses happen right after what came before them: see the head of this file. */
  #performPlain(state: State): State {
    for (;;) {
      const side = state.histories.findIndex((history) => isPlain(history.next));
      if (side < 0) return state;
      state = this.#perform(state, side, state.histories[side]!.next as Operation);
    }
  }

  #successors(state: State): State[] {
    return state.histories.flatMap((history, side) => {
      const operation = history.next;
      if (operation === 'finished') return [];
      if ('threw' in operation) {
        const message = operation.threw instanceof Error ? operation.threw.message : String(operation.threw);
        throw new InterleavingError('failed', `${this.#sides[side]!.name}: ${message}`, state.trace, operation.threw);
      }
      if (!state.sleeping[side]) return [this.#perform(state, side, operation)];
      const mayTimeOut =
        operation.timeoutMs !== Number.POSITIVE_INFINITY && state.timeouts < (this.#scenario.timeoutsMax ?? 1);
      if (!mayTimeOut) return [];
      const after = this.#copy(state, side, 'wakes: its time ran out');
      after.timeouts++;
      after.sleeping[side] = false;
      this.#advance(after, side, 'timed-out');
      return [after];
    });
  }

  #perform(state: State, side: number, { kind, word, value, timeoutMs }: Operation): State {
    const held = state.words.get(word) ?? 0;
    const after = this.#copy(
      state,
      side,
      `${kind} word ${word} ${kind.startsWith('load') ? `-> ${held}` : `= ${value}`}`,
    );
    const clock = after.clocks[side]!;
    switch (kind) {
      case 'load':
        learn(clock, after.released.get(word));
        this.#advance(after, side, held);
        break;
      case 'store':
        after.words.set(word, value);
        after.released.set(word, [...clock]);
        clock[side]!++;
        this.#advance(after, side, 0);
        break;
      case 'loadPlain':
        this.#checkRace(after, side, word, false);
        this.#advance(after, side, held);
        break;
      case 'storePlain':
        this.#checkRace(after, side, word, true);
        after.words.set(word, value);
        this.#advance(after, side, 0);
        break;
      case 'wait':
        if (held !== value) this.#advance(after, side, 'not-equal');
        else if (timeoutMs === 0) this.#advance(after, side, 'timed-out');
        else after.sleeping[side] = true;
        break;
      case 'notify':
        this.#advance(after, side, 0);
        after.histories.forEach((history, other) => {
          if (!after.sleeping[other] || (history.next as Operation).word !== word) return;
          after.sleeping[other] = false;
          this.#advance(after, other, 'ok');
        });
        break;
    }
    return after;
  }

  #advance(state: State, side: number, result: Result): void {
    const history = state.histories[side]!;
    let following = history.children.get(result);
    if (following === undefined) {
      following = this.#newHistory(side, history, result);
      history.children.set(result, following);
    }
    state.histories[side] = following;
  }

  #checkRace(state: State, side: number, word: number, isStore: boolean): void {
    const known = state.clocks[side]!;
    const before = state.plain.get(word) ?? { writer: side, writeTime: 0, readTimes: this.#sides.map(() => 0) };
    const unknown = (other: number, time: number) => other !== side && time > known[other]!;
    const racing = unknown(before.writer, before.writeTime)
      ? before.writer
      : isStore
        ? before.readTimes.findIndex((time, other) => unknown(other, time))
        : -1;
    if (racing >= 0) {
      const names = `${this.#sides[side]!.name} and ${this.#sides[racing]!.name}`;
      throw new InterleavingError('race', `${names} touch word ${word} with no order between them`, state.trace);
    }
    const now = known[side]!;
    const readTimes = isStore ? this.#sides.map(() => 0) : before.readTimes.with(side, now);
    state.plain.set(word, {
      writer: isStore ? side : before.writer,
      writeTime: isStore ? now : before.writeTime,
      readTimes,
    });
  }

  #checkEnd(state: State): void {
    try {
      this.#scenario.atEnd?.(state.words);
    } catch (error) {
      throw new InterleavingError(
        'wrong end',
        error instanceof Error ? error.message : String(error),
        state.trace,
        error,
      );
    }
  }

  #copy(state: State, side: number, what: string): State {
    return {
      words: new Map(state.words),
      histories: [...state.histories],
      sleeping: [...state.sleeping],
      timeouts: state.timeouts,
      clocks: state.clocks.map((clock) => [...clock]),
      released: new Map(state.released),
      plain: new Map(state.plain),
      trace: { side: this.#sides[side]!.name, what, before: state.trace },
    };
  }
}

function isPlain(next: HistoryNode['next']): boolean {
  return next !== 'finished' && 'kind' in next && (next.kind === 'loadPlain' || next.kind === 'storePlain');
}

function learn(clock: number[], released: number[] | undefined): void {
  released?.forEach((time, side) => {
    clock[side] = Math.max(clock[side]!, time);
  });
}

/** Insertion order differs from order to order, so maps are sorted. */
function keyOf(state: State): string {
  const sorted = <T>(map: Map<number, T>, tell: (value: T) => string) =>
    [...map]
      .sort(([a], [b]) => a - b)
      .map(([word, value]) => `${word}:${tell(value)}`)
      .join(' ');
  return [
    sorted(state.words, String),
    state.histories.map((history) => history.id),
    state.sleeping.map(Number),
    state.timeouts,
    state.clocks.join(';'),
    sorted(state.released, String),
    sorted(state.plain, (p) => `${p.writer},${p.writeTime},${p.readTimes}`),
  ].join('|');
}

function describeTrace(trace: Trace | undefined): string {
  const lines: string[] = [];
  for (let step = trace; step !== undefined; step = step.before) lines.push(`  ${step.side}: ${step.what}`);
  return lines.reverse().join('\n');
}
