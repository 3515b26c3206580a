// Where a figure was measured: it means nothing without. In the command's process.

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';

export interface Environment {
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** Of the measured source; `+` behind it when files differed from the commit. */
  readonly commit: string;
  /** Load average of the minute before: above 0.5 the machine had other work. */
  readonly loadBefore: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export function readEnvironment(): Environment {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    commit: readCommit(),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
    at: new Date().toISOString(),
  };
}

function readCommit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown'; // Not a checkout: a package, or no git.
  }
}
