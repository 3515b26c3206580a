// One node of a topology of queues: a source, one that passes on, or the last. A thread of its own. See topologies.ts.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { sharedNowMs } from '../harness/bench.ts';
import { blockOf, inputOver, type LinkKind, outputOver } from './topology-links.ts';

export interface NodeTask {
  readonly kind: LinkKind;
  readonly node: number;
  readonly nodes: number;
  /** That each source makes, and so each arrow carries. */
  readonly records: number;
  /** All nodes start together. */
  readonly gate: SharedArrayBuffer;
  /** `added`: what values from there have grown by on their way. */
  readonly inputs: readonly {
    readonly memory: SharedArrayBuffer;
    readonly port: MessagePort;
    readonly added: number;
  }[];
  readonly outputs: readonly { readonly memory: SharedArrayBuffer; readonly port: MessagePort }[];
}

export interface NodeReport {
  readonly startedMs: number;
  readonly endedMs: number;
  /** Over all inputs. */
  readonly records: number;
  /** Values other than the one that was due. */
  readonly wrong: number;
}

const NEVER_RUNG = new Int32Array(new SharedArrayBuffer(4));
/** Fewer than in queue.ts, where both sides have a core: here a spinning node may keep another from running. */
const SPINS = 100;
/** Messages under way on an arrow at most: postMessage has no backpressure of its own. */
const WINDOW = 256;
const ANSWERED_AT_ONCE = WINDOW / 4;

/** Over shared memory: one loop, no event. */
function runOverMemory({ kind, node, records, inputs, outputs }: NodeTask): { records: number; wrong: number } {
  const senders = outputs.map(({ memory }) => outputOver(kind, memory));
  const receivers = inputs.map(({ memory }) => inputOver(kind, memory));
  const block = new Float64Array(blockOf(kind));
  let spins = 0;
  const idle = (): void => {
    if (++spins < SPINS) return;
    spins = 0;
    Atomics.wait(NEVER_RUNG, 0, 0, 0.05);
  };
  const sendAll = (values: Float64Array): void => {
    for (const sender of senders) while (!sender.send(values)) idle();
  };
  if (receivers.length === 0) {
    for (let value = 0; value < records; value += block.length) {
      for (let k = 0; k < block.length; k++) block[k] = value + k;
      sendAll(block);
    }
    return { records: 0, wrong: 0 };
  }
  const seen = inputs.map(() => 0);
  const all = records * inputs.length;
  let total = 0;
  let wrong = 0;
  while (total < all) {
    const before = total;
    for (let input = 0; input < receivers.length; input++) {
      const count = receivers[input]!.receive(block);
      if (count === 0) continue;
      total += count;
      if (senders.length > 0) {
        for (let k = 0; k < count; k++) block[k] = block[k]! + node;
        sendAll(count === block.length ? block : block.subarray(0, count));
      } else {
        let due = seen[input]! + inputs[input]!.added;
        for (let k = 0; k < count; k++) if (block[k] !== due++) wrong++;
        seen[input] = seen[input]! + count;
      }
    }
    if (total === before) idle();
  }
  return { records: total, wrong };
}

/** Sends on a port as long as few enough messages are unanswered; the others wait, and so do the answers that this node owes for them. */
class PortOutput {
  readonly #port: MessagePort;
  readonly #roomMade: () => void;
  #unanswered = 0;

  constructor(port: MessagePort, roomMade: () => void) {
    this.#port = port;
    this.#roomMade = roomMade;
    port.on('message', (answered: number) => {
      this.#unanswered -= answered;
      this.#roomMade();
    });
  }

  get full(): boolean {
    return this.#unanswered >= WINDOW;
  }

  send(values: readonly number[]): void {
    this.#unanswered++;
    this.#port.postMessage(values.length === 1 ? values[0] : values);
  }
}

/** Over message ports: a node handles what has come as long as all that it sends to have room. */
function runOverPorts({ kind, node, records, inputs, outputs }: NodeTask): Promise<{ records: number; wrong: number }> {
  return new Promise((resolve) => {
    const block = blockOf(kind);
    const waiting: (readonly number[])[][] = inputs.map(() => []);
    const unanswered = inputs.map(() => 0);
    const seen = inputs.map(() => 0);
    let made = 0;
    let total = 0;
    let wrong = 0;
    const senders = outputs.map(({ port }) => new PortOutput(port, pump));
    const haveRoom = (): boolean => senders.every(({ full }) => !full);

    function handle(input: number, values: readonly number[]): void {
      total += values.length;
      if (senders.length > 0) {
        const sent = values.map((value) => value + node);
        for (const sender of senders) sender.send(sent);
      } else {
        let due = seen[input]! + inputs[input]!.added;
        for (const value of values) if (value !== due++) wrong++;
        seen[input] = seen[input]! + values.length;
      }
      unanswered[input] = unanswered[input]! + 1;
      if (unanswered[input]! % ANSWERED_AT_ONCE === 0 || total === records * inputs.length) answer(input);
    }

    function answer(input: number): void {
      inputs[input]!.port.postMessage(unanswered[input]!);
      unanswered[input] = 0;
    }

    function pump(): void {
      if (inputs.length === 0) {
        for (; made < records && haveRoom(); made += block) {
          const values = Array.from({ length: block }, (_, k) => made + k);
          for (const sender of senders) sender.send(values);
        }
        if (made >= records) resolve({ records: 0, wrong: 0 });
        return;
      }
      for (const [input, queue] of waiting.entries()) {
        let handled = 0;
        while (handled < queue.length && haveRoom()) handle(input, queue[handled++]!);
        queue.splice(0, handled);
      }
      if (total === records * inputs.length) resolve({ records: total, wrong });
    }

    for (const [input, { port }] of inputs.entries()) {
      port.on('message', (message: number | readonly number[]) => {
        waiting[input]!.push(typeof message === 'number' ? [message] : message);
        pump();
      });
    }
    pump();
  });
}

/** Until all threads are here. */
function meet({ gate, nodes }: NodeTask): void {
  const arrived = new Int32Array(gate);
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  for (let count = Atomics.load(arrived, 0); count < nodes; count = Atomics.load(arrived, 0)) {
    Atomics.wait(arrived, 0, count);
  }
}

if (parentPort !== null) {
  const task = workerData as NodeTask;
  meet(task);
  const startedMs = sharedNowMs();
  const done = task.kind.startsWith('postMessage') ? await runOverPorts(task) : runOverMemory(task);
  const report: NodeReport = { startedMs, endedMs: sharedNowMs(), ...done };
  parentPort.postMessage(report);
  // What is under way still arrives: the other ends are let go of, not closed.
  for (const { port } of [...task.inputs, ...task.outputs]) port.unref();
}
