// Ping-pong: the floor under every latency. A number goes to another thread and comes back.
//
//   main thread --- n ---> other thread --- n ---> main thread          needs 2 cores
//
// Millrace: one ring each way, a frame of one double. `spin` polls until something is there; `park` sleeps on the ring's doorbell at once,
// as a worker does after it has polled in vain for a while. Beside each of them the same over bare shared words, and a message.
// Every figure holds one reading of the clock, some 40 ns. Checked: every number comes back, in turn.

import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Bench, Sample, Scale, Variant } from '../harness/bench.ts';
import { allocatePaths, type PathKind, pathOf } from './paths.ts';
import type { PongTask } from './pong.ts';

const ROUNDS: Readonly<Record<PathKind | 'postMessage', number>> = {
  'bare words, spin': 1_000_000,
  'millrace, spin': 500_000,
  'bare words, wait and notify': 50_000,
  'millrace, park': 50_000,
  postMessage: 50_000,
};
type Kind = keyof typeof ROUNDS;

/** Of all round trips this share comes first and is not counted: code is being compiled. */
const WARM_UP = 0.2;

export const pingPong: Bench = {
  name: 'ping-pong',
  summary: 'one number to another thread and back: the queue spinning and parked, beside bare words and postMessage',
  measures: [
    { name: 'p50 round trip', unit: 'ns', better: 'less' },
    { name: 'p99 round trip', unit: 'ns', better: 'less' },
    { name: 'min round trip', unit: 'ns', better: 'less' },
  ],
  baseline: 'bare words, spin',
  variants: (Object.keys(ROUNDS) as Kind[]).map(variantOf),
  comparisons: [
    { name: 'millrace / bare words, spinning', variant: 'millrace, spin', over: 'bare words, spin' },
    { name: 'millrace / bare words, sleeping', variant: 'millrace, park', over: 'bare words, wait and notify' },
    { name: 'postMessage / millrace, sleeping', variant: 'postMessage', over: 'millrace, park' },
    { name: 'postMessage / millrace, spinning', variant: 'postMessage', over: 'millrace, spin' },
  ],
  expected: (variant, scale) => roundsOf(variant as Kind, scale),
};

function roundsOf(kind: Kind, { quick }: Scale): number {
  return ROUNDS[kind] / (quick ? 5 : 1);
}

function variantOf(kind: Kind): Variant {
  return {
    name: kind,
    threads: 2,
    baseline: kind.endsWith('spin') ? 'bare words, spin' : 'bare words, wait and notify',
    run: async (scale) => {
      const rounds = roundsOf(kind, scale);
      const took = new Float64Array(rounds);
      const answer = await (kind === 'postMessage' ? playByMessage(took) : playByMemory(kind, took));
      return sampleOf(took, answer);
    },
  };
}

async function playByMemory(kind: PathKind, took: Float64Array): Promise<number> {
  const [there, back] = [allocatePaths(kind), allocatePaths(kind)];
  const worker = startPong({ kind, rounds: took.length, there, back });
  await once(worker, 'message');
  const out = pathOf(kind, there, 'sender');
  const home = pathOf(kind, back, 'receiver');
  let right = 0;
  for (let round = 0; round < took.length; round++) {
    const startedMs = performance.now();
    out.send(round);
    if (home.receive() === round) right++;
    took[round] = performance.now() - startedMs;
  }
  await once(worker, 'exit');
  return right;
}

async function playByMessage(took: Float64Array): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const worker = startPong({ kind: 'postMessage', rounds: took.length, port: port2 }, [port2]);
  await once(worker, 'message');
  let right = 0;
  let startedMs = 0;
  await new Promise<void>((done) => {
    let round = 0;
    port1.on('message', (number: number) => {
      took[round] = performance.now() - startedMs;
      if (number === round) right++;
      if (++round === took.length) {
        done();
        return;
      }
      startedMs = performance.now();
      port1.postMessage(round);
    });
    startedMs = performance.now();
    port1.postMessage(round);
  });
  port1.close();
  await once(worker, 'exit');
  return right;
}

function startPong(task: PongTask, transferList: MessagePort[] = []): Worker {
  return new Worker(new URL('./pong.js', import.meta.url), { workerData: task, transferList });
}

function sampleOf(tookMs: Float64Array, answer: number): Sample {
  const counted = tookMs.subarray(Math.floor(tookMs.length * WARM_UP)).sort();
  const ns = (share: number): number => counted[Math.floor((counted.length - 1) * share)]! * 1e6;
  return {
    values: { 'p50 round trip': ns(0.5), 'p99 round trip': ns(0.99), 'min round trip': ns(0) },
    answer,
  };
}
