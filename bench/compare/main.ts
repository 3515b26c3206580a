// The command: npm run bench:compare -- <base> <head> [bench…] [--rounds n] [--quick] [--json file]
//
// Builds two commits and says which figures of Millrace changed beyond noise; see verdict.ts for what that means. `--rounds` is the number of the
// screening; suspects get twice as many again. Without names, all benches that both commits have.
//
// Exit code 0: nothing is worse. 1: something is, or a bench failed. 2: the command was not understood, or a commit could not be built.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../harness/environment.ts';
import { figure, renderTable } from '../harness/table.ts';
import { type Build, buildCommit } from './commit-build.ts';
import { type PairedRoundOptions, type PairedVariant, pairVariants, runPairedRounds } from './paired-rounds.ts';
import { type Change, describeLevel, fewestRounds, isSuspect, judgeSuspects, type PairedFigures } from './verdict.ts';

// With runs that spread by 5 %, and every tenth disturbed, the one among ten figures that is 15 % slower is seen 19 times out of 20, among thirty
// 9 times out of 10: test/bench/compare.
const ROUNDS = 12;
const FEWEST_ROUNDS = 3;
const CONFIRMATION_FACTOR = 2;

interface Request {
  readonly base: string;
  readonly head: string;
  readonly benches: readonly string[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly json: string | undefined;
}

function refuse(problem: string): never {
  process.stderr.write(
    `${problem}\nusage: npm run bench:compare -- <base commit> <head commit> [bench...] [--rounds n] [--quick] [--json file]\n`,
  );
  process.exit(2);
}

function readRequest(): Request {
  const { values, positionals } = readArguments();
  const [base, head, ...benches] = positionals;
  if (base === undefined || head === undefined) refuse('say which two commits to compare');
  const rounds = values.rounds === undefined ? ROUNDS : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < FEWEST_ROUNDS) {
    refuse(`--rounds must be a whole number of ${FEWEST_ROUNDS} or more: ${values.rounds}`);
  }
  return { base, head, benches, rounds, quick: values.quick === true, json: values.json };
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { rounds: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'string' } },
    });
  } catch (error) {
    refuse(messageOf(error));
  }
}

async function build({ base, head }: Request): Promise<{ base: Build; head: Build }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-compare-'));
  // Also when interrupted: two checkouts are some tens of megabytes.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
  try {
    return {
      base: await buildCommit(base, join(folder, 'base')),
      head: await buildCommit(head, join(folder, 'head')),
    };
  } catch (error) {
    refuse(messageOf(error));
  }
}

async function compare(variants: readonly PairedVariant[], { rounds, quick }: Request): Promise<Change[]> {
  const options = { scale: { quick }, onRun: showProgress };
  const screened = await runPairedRounds(variants, { ...options, rounds });
  const suspects = screened.filter(isSuspect);
  const unsuspected = screened.filter((figures) => !suspects.includes(figures)).map(describeLevel);
  if (suspects.length === 0) return unsuspected;
  const isOf = (figures: PairedFigures, { head }: PairedVariant): boolean =>
    figures.bench === head.bench.name && figures.variant === head.variant.name;
  process.stderr.write(
    `${suspects.length} of ${screened.length} figures seem to have changed: they are measured again\n`,
  );
  const confirmed = await runPairedRounds(
    variants.filter((pair) => suspects.some((figures) => isOf(figures, pair))),
    { ...options, rounds: Math.max(rounds * CONFIRMATION_FACTOR, fewestRounds(suspects.length)) },
  );
  const isSame = (a: PairedFigures, b: PairedFigures): boolean =>
    a.bench === b.bench && a.variant === b.variant && a.measure.name === b.measure.name;
  const judged = judgeSuspects(confirmed.filter((figures) => suspects.some((suspect) => isSame(figures, suspect))));
  return [...judged, ...unsuspected];
}

const showProgress: PairedRoundOptions['onRun'] = (side, { bench, variant }, round, { values }) => {
  const [measure] = bench.measures;
  const when = round === 0 ? 'warm-up' : `round ${round}`;
  const what = `${figure(values[measure!.name]!)} ${measure!.unit}`;
  process.stderr.write(`${bench.name}  ${when}  ${side}  ${variant.name}  ${what}\n`);
};

function renderChanges(changes: readonly Change[]): string {
  const rows = changes.map((change) => [
    `${change.bench}: ${change.variant}`,
    change.measure,
    figure(change.base.median),
    figure(change.head.median),
    change.unit,
    figure(change.ratio),
    Number.isFinite(change.high) ? `${figure(change.low)} - ${figure(change.high)}` : 'too few rounds',
    String(change.rounds),
    change.verdict,
  ]);
  return renderTable(['figure', 'measure', 'base', 'head', 'unit', 'head / base', 'interval', 'rounds', ''], rows);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const request = readRequest();
const { cpu, cores, node, loadBefore, ...environment } = readEnvironment();
const builds = await build(request);
process.stdout.write(
  `${cpu}, ${cores} cores, Node ${node}, load ${loadBefore} before; base ${builds.base.commit}, head ${builds.head.commit}\n`,
);
const variants = await pairVariants(builds.base, builds.head, request.benches, { quick: request.quick });
const missing = request.benches.filter((name) => !variants.some(({ head }) => head.bench.name === name));
if (missing.length > 0) refuse(`both commits must have a bench to compare it: ${missing.join(', ')}`);
try {
  const changes = await compare(variants, request);
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  process.stdout.write(`\n${renderChanges(changes)}\n\n${worse === 0 ? 'nothing is worse' : `worse: ${worse}`}\n`);
  if (request.json !== undefined) {
    const written = {
      base: builds.base.commit,
      head: builds.head.commit,
      quick: request.quick,
      environment: { cpu, cores, node, loadBefore, platform: environment.platform, at: environment.at },
      changes,
    };
    writeFileSync(request.json, `${JSON.stringify(written, undefined, 2)}\n`);
  }
  if (worse > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
