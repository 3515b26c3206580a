// A process whose records say what to do with state and timers, what it should answer by a naive model, and a host that drives the real
// one call by call. The model keeps everything that was ever written with its time of expiry and looks through all of it at each read.

import { LIMITS } from '../../../engine/limits.ts';
import type { StatefulHost, StatefulLogic } from '../../../engine/operators/stateful-operator.ts';
import type { AnyProcess } from '../../../engine/process/process-definition.ts';
import { ProcessLogic } from '../../../engine/process/process-logic.ts';
import type { ColdState } from '../../../engine/state/cold-store.ts';
import { listState, mapState, type ProcessContext, valueState } from '../../../index.ts';

export type Time = 'event' | 'processing';

export type Op =
  | { readonly op: 'set' | 'add' | 'shift' | 'clear' | 'clearList' | 'forget' | 'read' | 'throw' }
  | { readonly op: 'put' | 'delete'; readonly at: number }
  | { readonly op: 'timer' | 'clearTimer'; readonly time: Time; readonly inMs: number; readonly name?: string };

export interface Command {
  readonly key: string;
  readonly timeMs: number;
  readonly id: number;
  readonly ops: readonly Op[];
}

/** Of values, lists and map entries, in ms of event time or processing time. */
export interface TimesToLive {
  readonly value?: { ttlMs: number; ttlTime: Time };
  readonly list?: { ttlMs: number; ttlTime: Time };
  readonly map?: { ttlMs: number; ttlTime: Time };
}

/** `said` begins with the key. */
export type Emitted = readonly [said: readonly unknown[], timeMs: number];

const specs = (ttl: TimesToLive) => ({
  value: valueState(-1, ttl.value),
  list: listState<number>(ttl.list),
  map: mapState<number, number>(ttl.map),
});

type Context = ProcessContext<string, ReturnType<typeof specs>, unknown>;

function interpret(context: Context, ops: readonly Op[], id: number): void {
  const { state } = context;
  for (const one of ops) {
    switch (one.op) {
      case 'set':
        state.value.set(id);
        break;
      case 'add':
        state.list.add(id);
        break;
      case 'shift':
        context.emit([context.key, 'shift', state.list.shift()]);
        break;
      case 'clear':
        state.value.clear();
        break;
      case 'clearList':
        state.list.clear();
        break;
      case 'forget':
        context.forget();
        break;
      case 'throw':
        throw new Error('as told');
      case 'put':
        state.map.set(one.at, id);
        break;
      case 'delete':
        context.emit([context.key, 'delete', state.map.delete(one.at)]);
        break;
      case 'timer':
        if (one.time === 'event') context.setTimer(context.timeMs + one.inMs, one.name);
        else context.setProcessingTimer(context.nowMs + one.inMs, one.name);
        break;
      case 'clearTimer':
        if (one.time === 'event') context.clearTimer(one.name ?? context.timeMs + one.inMs);
        else context.clearProcessingTimer(one.name ?? context.nowMs + one.inMs);
        break;
      default:
        read(context);
    }
  }
}

function read({ key, state, emit, timeMs }: Context): void {
  emit([
    key,
    'read',
    timeMs,
    state.value.get(),
    state.list.values(),
    state.list.length,
    state.map.entries(),
    state.map.size,
  ]);
}

/** The same for both: reads all, and now and then does something with what there is. */
export function scripted(ttl: TimesToLive): AnyProcess {
  return {
    state: specs(ttl),
    onRecord(context: Context, { ops, id }: Command) {
      interpret(context, ops, id);
    },
    onTimer(context: Context, { name, timeMs, time }: { name: string | undefined; timeMs: number; time: Time }) {
      context.emit([context.key, 'timer', time, name, timeMs]);
      read(context);
      if (name === 'chain') interpret(context, chained(time), -2);
    },
  } as unknown as AnyProcess;
}

function chained(time: Time): Op[] {
  return [{ op: 'add' }, { op: 'put', at: 9 }, { op: 'timer', time, inMs: 3, name: 'chained' }];
}

interface Kept {
  readonly at: number;
  readonly value: number;
  readonly expiryMs: number;
}

interface ModelKey {
  value: Kept | undefined;
  list: Kept[];
  map: Kept[];
  timers: { time: Time; timeMs: number; name: string | undefined; order: number }[];
}

export class ModelProcess {
  readonly emitted: Emitted[] = [];
  readonly failures: unknown[] = [];
  nowMs = 0;
  readonly #ttl: TimesToLive;
  readonly #keys = new Map<string, ModelKey>();
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;
  #order = 0;

  constructor(ttl: TimesToLive) {
    this.#ttl = ttl;
  }

  record({ key, timeMs, ops, id }: Command): void {
    this.#latestMs = Math.max(this.#latestMs, timeMs);
    this.#call(key, timeMs, Math.max(timeMs, this.#watermarkMs), (context) => interpret(context, ops, id));
    this.advance(this.#watermarkMs);
  }

  advance(watermarkMs: number): void {
    if (watermarkMs === Number.POSITIVE_INFINITY) this.#processing(watermarkMs);
    for (;;) {
      this.#events(watermarkMs);
      this.#watermarkMs = Math.max(watermarkMs, this.#watermarkMs);
      if (watermarkMs !== Number.POSITIVE_INFINITY || this.#due('processing', watermarkMs) === undefined) return;
      this.#processing(watermarkMs);
    }
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    this.#processing(nowMs);
    this.advance(this.#watermarkMs);
  }

  #events(toMs: number): void {
    for (let due = this.#due('event', toMs); due !== undefined; due = this.#due('event', toMs)) {
      this.#fire(due, due.timer.timeMs, Math.max(due.timer.timeMs, this.#watermarkMs));
    }
  }

  #processing(toMs: number): void {
    for (let due = this.#due('processing', toMs); due !== undefined; due = this.#due('processing', toMs)) {
      const isOver = this.#watermarkMs === Number.POSITIVE_INFINITY;
      const atMs = isOver ? this.#latestMs : Math.max(this.#watermarkMs, this.#latestMs);
      this.#fire(due, atMs, isOver ? Number.POSITIVE_INFINITY : atMs);
    }
  }

  #due(time: Time, toMs: number): { key: string; timer: ModelKey['timers'][number] } | undefined {
    const all = [...this.#keys].flatMap(([key, { timers }]) => timers.map((timer) => ({ key, timer })));
    const due = all.filter(({ timer }) => timer.time === time && timer.timeMs <= toMs);
    due.sort((a, b) => a.timer.timeMs - b.timer.timeMs || a.timer.order - b.timer.order);
    return due[0];
  }

  #fire({ key, timer }: { key: string; timer: ModelKey['timers'][number] }, timeMs: number, eventMs: number): void {
    const state = this.#keys.get(key)!;
    state.timers = state.timers.filter((one) => one !== timer);
    this.#call(key, timeMs, eventMs, (context) => {
      context.emit([key, 'timer', timer.time, timer.name, timer.timeMs]);
      read(context);
      if (timer.name === 'chain') interpret(context, chained(timer.time), -2);
    });
  }

  #call(key: string, timeMs: number, eventMs: number, action: (context: Context) => void): void {
    const before = this.#keys.get(key) ?? { value: undefined, list: [], map: [], timers: [] };
    const key_ = structuredClone(before);
    const out: Emitted[] = [];
    const now = (time: Time): number => (time === 'event' ? eventMs : this.nowMs);
    const expiry = (ttl: TimesToLive['value']): number =>
      ttl === undefined ? Number.POSITIVE_INFINITY : now(ttl.ttlTime) + ttl.ttlMs;
    const lives = (ttl: TimesToLive['value']) => (one: Kept | undefined) =>
      one !== undefined && (ttl === undefined || one.expiryMs > now(ttl.ttlTime));
    const { value, list, map } = this.#ttl;
    const living = (): Kept[] => key_.list.filter(lives(list));
    const setTimer = (time: Time, atMs: number, name: string | undefined): void => {
      const known = key_.timers.find(
        (one) =>
          one.time === time && (name === undefined ? one.name === undefined && one.timeMs === atMs : one.name === name),
      );
      if (known?.timeMs === atMs) return;
      key_.timers = key_.timers.filter((one) => one !== known);
      key_.timers.push({ time, timeMs: atMs, name, order: this.#order++ });
    };
    const clearTimer = (time: Time, what: string | number): void => {
      key_.timers = key_.timers.filter((one) => one.time !== time || (one.name ?? one.timeMs) !== what);
    };
    const context = {
      key,
      timeMs,
      nowMs: this.nowMs,
      emit: (said: readonly unknown[], atMs = timeMs) => out.push([said, atMs]),
      setTimer: (atMs: number, name?: string) => setTimer('event', atMs, name),
      clearTimer: (what: string | number) => clearTimer('event', what),
      setProcessingTimer: (atMs: number, name?: string) => setTimer('processing', atMs, name),
      clearProcessingTimer: (what: string | number) => clearTimer('processing', what),
      forget: () => Object.assign(key_, { value: undefined, list: [], map: [], timers: [] }),
      state: {
        value: {
          get: () => (lives(value)(key_.value) ? key_.value!.value : -1),
          set: (id: number) => {
            key_.value = { at: 0, value: id, expiryMs: expiry(value) };
          },
          clear: () => {
            key_.value = undefined;
          },
        },
        list: {
          add: (id: number) => key_.list.push({ at: 0, value: id, expiryMs: expiry(list) }),
          shift: () => {
            const [first] = living();
            key_.list = key_.list.filter((one) => one !== first);
            return first?.value;
          },
          clear: () => {
            key_.list = [];
          },
          values: () => living().map((one) => one.value),
          get length() {
            return living().length;
          },
        },
        map: {
          set: (at: number, id: number) => {
            key_.map = key_.map.filter((one) => one.at !== at || lives(map)(one));
            const entry = { at, value: id, expiryMs: expiry(map) };
            const index = key_.map.findIndex((one) => one.at === at);
            if (index < 0) key_.map.push(entry);
            else key_.map[index] = entry;
          },
          delete: (at: number) => {
            const was = key_.map.filter(lives(map)).some((one) => one.at === at);
            key_.map = key_.map.filter((one) => one.at !== at);
            return was;
          },
          entries: () => key_.map.filter(lives(map)).map((one) => [one.at, one.value]),
          get size() {
            return key_.map.filter(lives(map)).length;
          },
        },
      },
    };
    try {
      action(context as unknown as Context);
      this.#keys.set(key, key_);
      this.emitted.push(...out);
    } catch (error) {
      this.failures.push(error);
      this.#keys.set(key, before);
    }
  }
}

type MakeLogic = (definition: AnyProcess, host: StatefulHost) => StatefulLogic;

/** Drives the logic as its operator would, and moves all its partitions into a new one when told to. */
export class DrivenProcess {
  readonly emitted: Emitted[] = [];
  readonly failures: unknown[] = [];
  nowMs = 0;
  logic: StatefulLogic;
  readonly #definition: AnyProcess;
  readonly #make: MakeLogic;
  readonly #host: StatefulHost;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #isFireWanted = false;

  /** @param cold where state goes that memory does not hold */
  constructor(ttl: TimesToLive, make?: MakeLogic, cold?: ColdState) {
    this.#definition = scripted(ttl);
    this.#host = {
      emit: (said, timeMs) => this.emitted.push([said as readonly unknown[], timeMs]),
      full: false,
      late: () => {},
      failed: (error) => this.failures.push(error),
      nowMs: () => this.nowMs,
      startedAtMs: 0,
      forgives: true,
      coldState: cold,
      requestFire: () => {
        this.#isFireWanted = true;
      },
    };
    this.#make = make ?? ((definition, host) => new ProcessLogic(definition, true, host));
    this.logic = this.#make(this.#definition, this.#host);
  }

  record(command: Command): void {
    try {
      this.logic.onRecord(command.key, command, command.timeMs, 0);
    } catch (error) {
      this.failures.push(error);
    }
    this.#settle();
  }

  advance(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs;
    if (this.logic.isDue(watermarkMs)) exhaust(this.logic.fire(watermarkMs));
    this.#settle();
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    if (this.logic.tickAtMs! <= nowMs) exhaust(this.logic.tick!(nowMs));
    this.#settle();
  }

  close(): void | Promise<void> {
    return this.logic.close?.();
  }

  /** Every partition by itself into a logic that has never seen a record. */
  move(): void {
    const next = this.#make(this.#definition, this.#host);
    next.isDue(this.#watermarkMs);
    for (let partition = 0; partition < LIMITS.partitions; partition++) {
      next.restore!(partition, this.logic.dump!(partition));
    }
    this.logic.close?.();
    this.logic = next;
  }

  #settle(): void {
    while (this.#isFireWanted) {
      this.#isFireWanted = false;
      exhaust(this.logic.fire(this.#watermarkMs));
    }
  }
}

function exhaust(iterator: Iterator<unknown>): void {
  while (iterator.next().done !== true);
}
