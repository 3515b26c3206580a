// The command: npm run bench -- <name…> [--quick] [--json file] [--rounds n] [--list]
//              npm run bench -- latency --out dir        writes what else the bench has to show: histograms, plots
//              npm run bench -- targets          the table of targets (targets.ts), one line each
//
// Exit code 0: all answers were right (and for `targets`, all targets met). 1: a bench failed or gave a wrong answer, or a target is
// missed. 2: the command was not understood.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, OutputFile } from './harness/bench.ts';
import { type Environment, readEnvironment } from './harness/environment.ts';
import { type BenchResults, type ComparisonResult, reduceSamples } from './harness/results.ts';
import { runRounds } from './harness/rounds.ts';
import { figure, renderResults, renderTargets } from './harness/table.ts';
import { targetsOnly } from './harness/targets-only.ts';
import { BENCHES, benchNamed } from './registry.ts';
import { judgeTargets, TARGETS } from './targets.ts';

/** Stands for all benches that have a target. */
const ALL_TARGETS = 'targets';
const WARM_UPS = 1;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;

interface Request {
  readonly benches: readonly Bench[];
  /** Only targets are printed, and a missed one is a failure. */
  readonly targets: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  readonly json: string | undefined;
  /** Folder for the files of the benches. */
  readonly out: string | undefined;
}

function usage(problem: string): never {
  process.stderr.write(
    `${problem}\nusage: npm run bench -- <name...> [--quick] [--json file] [--out dir] [--rounds n] [--list]\n` +
      `names: ${[...BENCHES.map(({ name }) => name), ALL_TARGETS].join(', ')}\n`,
  );
  process.exit(2);
}

function readRequest(): Request {
  const { values, positionals } = readArguments();
  if (values.list === true) {
    for (const { name, summary } of BENCHES) process.stdout.write(`${name.padEnd(20)} ${summary}\n`);
    process.exit(0);
  }
  const unknown = positionals.filter((name) => name !== ALL_TARGETS && benchNamed(name) === undefined);
  if (unknown.length > 0) usage(`there is no bench called ${unknown.map((name) => `'${name}'`).join(', ')}`);
  if (positionals.length === 0) usage('say which bench to run');
  const targets = positionals.includes(ALL_TARGETS);
  if (targets && positionals.length > 1) usage(`'${ALL_TARGETS}' stands alone`);
  const benches = targets ? benchesOfTargets() : positionals.map((name) => benchNamed(name)!);
  const quick = values.quick === true;
  // All targets within ten minutes.
  const usual = quick || targets ? QUICK_ROUNDS : ROUNDS;
  const rounds = values.rounds === undefined ? usual : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) usage(`--rounds must be a whole number above 0: ${values.rounds}`);
  return { benches, targets, quick, rounds, json: values.json, out: values.out };
}

function benchesOfTargets(): Bench[] {
  return BENCHES.flatMap((bench) => {
    const names = TARGETS.filter((target) => target.bench === bench.name).map(({ comparison }) => comparison);
    return targetsOnly(bench, names) ?? [];
  });
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        list: { type: 'boolean' },
        json: { type: 'string' },
        out: { type: 'string' },
        rounds: { type: 'string' },
      },
    });
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
  }
}

async function runBench(bench: Bench, request: Request, environment: Environment): Promise<BenchResults> {
  const threads = Math.max(...bench.variants.map((variant) => variant.threads));
  if (threads > environment.cores) {
    const rule = `warning: ${bench.name} has ${threads} busy threads, but there are ${environment.cores} cores`;
    process.stderr.write(`${rule}: its threads take turns, and its figures say little\n`);
  }
  const [measure] = bench.measures;
  const samples = await runRounds(bench, {
    scale: { quick: request.quick },
    warmUps: WARM_UPS,
    rounds: request.rounds,
    onRun: ({ name }, round, { values }) => {
      const when = round < 1 ? 'warm-up' : `round ${round}`;
      process.stderr.write(`${bench.name}  ${when}  ${name}  ${figure(values[measure!.name]!)} ${measure!.unit}\n`);
    },
  });
  if (request.out !== undefined) writeFiles(request.out, bench.files?.(samples) ?? []);
  return reduceSamples(bench, samples, request.quick, environment);
}

function writeFiles(folder: string, files: readonly OutputFile[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of files) writeFileSync(join(folder, name), text);
}

const request = readRequest();
const environment = readEnvironment();
const { cpu, cores, node, commit, loadBefore } = environment;
process.stdout.write(`${cpu}, ${cores} cores, Node ${node}, commit ${commit}, load ${loadBefore} before\n`);
const written: unknown[] = [];
const compared: ComparisonResult[] = [];
for (const bench of request.benches) {
  try {
    const results = await runBench(bench, request, environment);
    if (!request.targets) written.push(...results.results, ...results.comparisons);
    compared.push(...results.comparisons);
    if (!request.targets) process.stdout.write(`\n${bench.name}: ${bench.summary}\n\n${renderResults(results)}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (request.targets) {
  const judged = judgeTargets(TARGETS, compared);
  written.push(...judged);
  process.stdout.write(`\n${renderTargets(judged)}\n`);
  if (judged.some(({ met }) => !met)) process.exitCode = 1;
}
if (request.quick) process.stdout.write('\nquick: less work and fewer rounds, good for a first look only\n');
if (request.json !== undefined) writeFileSync(request.json, `${JSON.stringify(written, undefined, 2)}\n`);
