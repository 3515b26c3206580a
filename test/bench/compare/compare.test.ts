// The gate from end to end: two commits of a tiny repository, built and run by the command that users run. Its bench takes no time; the
// figures are drawn from a seed, with the noise of a real machine on them, so that the verdicts do not depend on this machine's.

import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../../bench/compare/verdict.ts';

const BENCHES = fileURLToPath(new URL('../../../build/bench/', import.meta.url));
const COMMAND = join(BENCHES, 'compare', 'main.js');

/** How much slower the measured code is in a commit; the peer never changes. */
const registry = (factor: number, answer = 42): string => `
  import { readFileSync, writeFileSync } from 'node:fs';
  // The n-th run of a comparison always draws the same noise: each is a process of its own, so they count in a file.
  function noise() {
    const n = Number(readFileSync(process.env.RUNS_FILE, 'utf8'));
    writeFileSync(process.env.RUNS_FILE, String(n + 1));
    const hash = (k) => (Math.imul((n * 4 + k + 1) ^ ((n * 4 + k + 1) >>> 15), 0x2c1b3c6d) >>> 0) % 10007 / 10007;
    const disturbed = hash(0) < 0.1 ? 0.4 * hash(3) : 0;
    return Math.exp(0.1 * Math.sin(n / 9) + 0.1 * (hash(1) + hash(2) - 1) + disturbed);
  }
  const variant = (name, factor) => ({
    name,
    threads: 1,
    run: () => Promise.resolve({
      values: { time: 100 * factor * noise(), speed: 7 / (factor * noise()), bytes: 64 },
      answer: ${answer},
    }),
  });
  export const BENCHES = [{
    name: 'fake',
    summary: 'figures from a seed',
    measures: [
      { name: 'time', unit: 'ms', better: 'less' },
      { name: 'speed', unit: 'M/s', better: 'more' },
      { name: 'bytes', unit: 'B', better: 'less' },
    ],
    baseline: 'peer',
    variants: [variant('millrace', ${factor}), variant('millrace, other way', 1), variant('peer', 1)],
    comparisons: [],
    expected: () => 42,
  }];
  export const benchNamed = (name) => BENCHES.find((bench) => bench.name === name);
`;

describe.runIf(existsSync(COMMAND))('comparing two commits', () => {
  let repository: string;
  let runsFile: string;

  function git(...args: string[]): string {
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
    return execFileSync('git', ['-C', repository, ...who, ...args], { encoding: 'utf8' }).trim();
  }

  function commit(name: string, source: string, lockName = 'fake'): void {
    writeFileSync(join(repository, 'registry.js'), source);
    const lock = { name: lockName, lockfileVersion: 3, requires: true, packages: { '': { name: lockName } } };
    writeFileSync(join(repository, 'package-lock.json'), JSON.stringify(lock));
    git('add', '.');
    git('commit', '--quiet', '--allow-empty', '-m', name);
    git('tag', name);
  }

  function compare(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    writeFileSync(runsFile, '0');
    return new Promise((resolve) => {
      const env = { ...process.env, RUNS_FILE: runsFile, TMPDIR: repository };
      execFile(process.execPath, [COMMAND, ...args], { cwd: repository, env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), 'millrace-gate-test-'));
    runsFile = join(repository, 'runs.txt');
    execFileSync('git', ['init', '--quiet', repository]);
    mkdirSync(join(repository, 'node_modules'));
    writeFileSync(join(repository, '.gitignore'), 'node_modules\nbuild\nruns.txt\nchanges.json\n');
    writeFileSync(
      join(repository, 'package.json'),
      JSON.stringify({ name: 'fake', private: true, type: 'module', scripts: { build: 'node build.js' } }),
    );
    cpSync(join(BENCHES, 'harness', 'variant-process.js'), join(repository, 'variant-process.js'));
    writeFileSync(
      join(repository, 'build.js'),
      `import { cpSync } from 'node:fs';
       cpSync('registry.js', 'build/bench/registry.js');
       cpSync('variant-process.js', 'build/bench/harness/variant-process.js');`,
    );
    commit('before', registry(1));
    commit('unchanged', registry(1));
    commit('slower', registry(1.15));
    commit('wrong', registry(1, 41));
    commit('other-lock', registry(1), 'renamed');
    commit('broken', 'export const BENCHES = [');
    git('rm', '--quiet', 'build.js');
    git('commit', '--quiet', '-m', 'unbuildable');
    git('tag', 'unbuildable');
    git('checkout', '--quiet', 'before');
  });

  afterAll(() => rmSync(repository, { recursive: true, force: true }));

  it('sees a slowdown of 15 percent in every measure that it touches, and in no other; exit code 1', async () => {
    const { code, stdout } = await compare('before', 'slower', 'fake', '--json', 'changes.json');
    expect(stdout).toMatch(/fake: millrace\s+time\s.*\sworse$/m);
    expect(code).toBe(1);
    const written = JSON.parse(readFileSync(join(repository, 'changes.json'), 'utf8')) as { changes: Change[] };
    const verdicts = written.changes.map(({ variant, measure, verdict }) => `${variant} ${measure} ${verdict}`);
    expect(verdicts.sort()).toEqual([
      'millrace bytes level',
      'millrace speed worse',
      'millrace time worse',
      'millrace, other way bytes level',
      'millrace, other way speed level',
      'millrace, other way time level',
    ]);
    const time = written.changes.find(({ variant, measure }) => variant === 'millrace' && measure === 'time')!;
    expect(time.low).toBeGreaterThan(1);
    expect(Math.abs(time.ratio - 1.15)).toBeLessThan(0.05);
  });

  it('calls the same change the other way round an improvement; exit code 0', async () => {
    const { code, stdout } = await compare('slower', 'before', 'fake');
    expect(stdout).toMatch(/fake: millrace\s+speed\s.*\sbetter$/m);
    expect(stdout).toMatch(/nothing is worse/);
    expect(code).toBe(0);
  });

  it('stays quiet on two identical builds, and leaves neither checkout nor record behind', async () => {
    const { code, stdout } = await compare('before', 'unchanged');
    expect(stdout).not.toMatch(/\d\s+worse$/m);
    expect(stdout).not.toMatch(/\d\s+better$/m);
    expect(code).toBe(0);
    expect(readdirSync(repository).filter((name) => name.startsWith('millrace-compare-'))).toEqual([]);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
    expect(git('status', '--porcelain')).toBe('');
  });

  it('runs pairs in the order A B B A, peers left out', async () => {
    const { stderr } = await compare('before', 'unchanged', '--rounds', '3');
    const order = stderr
      .match(/^fake {2}round \d {2}(base|head) {2}millrace {2}/gm)!
      .map((line) => line.split('  ')[2]);
    expect(order.slice(0, 6)).toEqual(['base', 'head', 'head', 'base', 'base', 'head']);
    expect(stderr).not.toMatch(/peer/);
  });

  it('installs the packages of a commit whose lock is another', async () => {
    const { code } = await compare('before', 'other-lock', '--rounds', '3');
    expect(code).toBe(0);
  });

  it('fails when a build gives a wrong answer, whatever its speed', async () => {
    const { code, stderr } = await compare('before', 'wrong', '--rounds', '3');
    expect(stderr).toMatch(/wrong answer/);
    expect(code).toBe(1);
  });

  it('refuses what it cannot compare, and says why', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await compare(...args);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused('before')).toMatch(/two commits.*usage: npm run bench:compare/s);
    expect(await refused('before', 'never')).toMatch(/never/);
    expect(await refused('before', 'unchanged', '--rounds', '2')).toMatch(
      /--rounds must be a whole number of 3 or more: 2/,
    );
    expect(await refused('before', 'unchanged', '--round', '9')).toMatch(/--round/);
    expect(await refused('before', 'unchanged', 'fame')).toMatch(/both commits must have a bench.*fame/);
    expect(await refused('before', 'broken')).toMatch(/SyntaxError|Unexpected/);
    expect(await refused('before', 'unbuildable')).toMatch(/npm run build.*failed/s);
  });
});
