// Runs the variants of a bench in turn, round after round, each run in a fresh process. In the command's process.
//
//   warm-up    a b c      not counted: fills the disk cache, wakes the CPU
//   round 1    a b c
//   round 2    c b a      the order turns, so that no variant always runs behind the same other
//   ...
//
// A fresh process a run: no variant inherits another's heap, type feedback or threads. What a user pays once a process (compiling,
// starting threads) is in the run; each bench says what its clock includes.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Bench, Sample, Scale, Variant } from './bench.ts';
import type { VariantMessage } from './variant-process.ts';

const VARIANT_PROCESS = fileURLToPath(new URL('./variant-process.js', import.meta.url));

/** A variant that hangs must not hang the bench. */
const RUN_TIMEOUT_MS = 120_000;

export interface RoundOptions {
  readonly scale: Scale;
  readonly warmUps: number;
  readonly rounds: number;
  /** Is told after each run, for a progress line. */
  readonly onRun: (variant: Variant, round: number, sample: Sample) => void;
  /** Runs one variant once; replaced in tests. */
  readonly runOnce?: (bench: Bench, variant: Variant, scale: Scale) => Promise<Sample>;
}

/** By variant, the samples of its counted rounds; all of the same length. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** @throws Error when a variant fails, hangs, or gives an answer other than the expected */
export async function runRounds(bench: Bench, options: RoundOptions): Promise<Samples> {
  const { scale, warmUps, rounds, onRun, runOnce = runInProcess } = options;
  await bench.prepare?.(scale);
  const samples = new Map<string, Sample[]>(bench.variants.map(({ name }) => [name, []]));
  const expected = new Map(bench.variants.map(({ name }) => [name, bench.expected(name, scale)]));
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const order = round % 2 === 0 ? [...bench.variants].reverse() : bench.variants;
    for (const variant of order) {
      const sample = await runOnce(bench, variant, scale);
      verifySample(bench, variant, sample, expected.get(variant.name));
      if (round >= 1) samples.get(variant.name)!.push(sample);
      onRun(variant, round, sample);
    }
  }
  return samples;
}

/** @throws Error when the answer is not the expected one, or a measure is missing or no figure */
export function verifySample(bench: Bench, variant: Variant, sample: Sample, expected: unknown): void {
  if (!isDeepStrictEqual(sample.answer, expected)) {
    throw new Error(
      `${bench.name}, ${variant.name}: wrong answer, so its speed means nothing. ` +
        `Expected ${JSON.stringify(expected)}, got ${JSON.stringify(sample.answer)}`,
    );
  }
  for (const { name } of bench.measures) {
    const value = sample.values[name];
    if (value === undefined || !Number.isFinite(value) || value <= 0) {
      throw new Error(`${bench.name}, ${variant.name}: the measure '${name}' must be a number above 0, got ${value}`);
    }
  }
}

/**
 * @param variantProcess the program that runs it; another build's when two are compared
 * @throws Error with the failure of the variant, its exit, or the time-out
 */
export function runInProcess(
  bench: Bench,
  variant: Variant,
  scale: Scale,
  variantProcess: string = VARIANT_PROCESS,
): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const who = `${bench.name}, ${variant.name}`;
    // Output of the variant goes to stderr: stdout is the table's.
    const child = fork(variantProcess, [bench.name, variant.name, scale.quick ? 'quick' : 'full'], {
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${who}: no answer within ${RUN_TIMEOUT_MS / 1000} s`));
    }, RUN_TIMEOUT_MS);
    let message: VariantMessage | undefined;
    child.on('message', (received) => {
      message = received as VariantMessage;
    });
    // The next run starts when this process has ended, not when it has answered: it would still be using its cores.
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (message === undefined)
        reject(new Error(`${who}: its process ended without an answer (${signal ?? `code ${code}`})`));
      else if ('failure' in message) reject(new Error(`${who}: ${message.failure}`));
      else resolve(message.sample);
    });
  });
}
