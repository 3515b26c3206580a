// A commit, checked out apart and built. In the command's process.
//
// The checkout is a clone that shares the repository's objects, in a folder of its own for temporary files: nothing of the user's work tree is
// touched, and no record of it stays in the repository. Installed packages are shared by a link when the commit's lock is the work tree's;
// else they are installed from the commit's lock.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from '../harness/bench.ts';

export interface Build {
  /** As git abbreviates it. */
  readonly commit: string;
  readonly benches: readonly Bench[];
  /** The program that runs one variant of this build once. */
  readonly variantProcess: string;
}

const LOCK = 'package-lock.json';

/** @throws Error when the commit does not exist, or cannot be installed or built, with what the failed command said */
export async function buildCommit(name: string, folder: string): Promise<Build> {
  const root = run('git', ['rev-parse', '--show-toplevel']);
  const commit = run('git', ['rev-parse', '--verify', '--end-of-options', `${name}^{commit}`]);
  mkdirSync(folder);
  run('git', ['clone', '--quiet', '--shared', '--no-checkout', root, folder]);
  run('git', ['-C', folder, 'checkout', '--quiet', '--detach', commit]);
  const packages = join(root, 'node_modules');
  if (sameText(join(root, LOCK), join(folder, LOCK)) && existsSync(packages)) {
    symlinkSync(packages, join(folder, 'node_modules'), 'dir');
  } else {
    run('npm', ['ci', '--no-audit', '--no-fund'], folder);
  }
  run('npm', ['run', 'build', '--silent'], folder);
  const bench = join(folder, 'build', 'bench');
  const registry = join(bench, 'registry.js');
  const variantProcess = join(bench, 'harness', 'variant-process.js');
  if (!existsSync(registry) || !existsSync(variantProcess)) {
    throw new Error(`a commit to compare must have benches: '${name}' builds no ${registry.slice(folder.length + 1)}`);
  }
  const { BENCHES } = (await import(pathToFileURL(registry).href)) as { readonly BENCHES: readonly Bench[] };
  return { commit: run('git', ['rev-parse', '--short', commit]), benches: BENCHES, variantProcess };
}

function sameText(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && readFileSync(a, 'utf8') === readFileSync(b, 'utf8');
}

/** Output of a command that succeeds; of one that fails, all it said is in the error. */
function run(command: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed: ${stderr}${stdout}`.trim(), { cause: error });
  }
}
