import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../cli/command-context.ts';
import { commandLine } from '../../cli/command-line.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import type { JobHandle, JobReport, RunOptions } from '../../index.ts';
import { metrics } from './sample-metrics.ts';

const finished: JobReport = {
  ...metrics(),
  outcome: 'finished',
  startedAt: '2026-01-02T03:04:05.678Z',
  durationMs: 2_000,
  node: 'v20.19.0',
  cores: 2,
  results: { answer: [1, 2, 3] },
};

let folder: string;
let job: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'));
  job = join(folder, 'job.js');
  await writeFile(job, '');
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the command over an engine whose job ends as `complete` says; `complete` receives the handle's `stop` calls as they come. */
async function command(
  args: string[],
  complete: (
    stopped: Promise<{ drain?: boolean } | undefined>,
    options?: RunOptions,
  ) => Promise<JobReport> = async () => finished,
  env: Record<string, string> = {},
) {
  const printed = { stdout: '', stderr: '' };
  const runs: Array<{ job: string; options: RunOptions | undefined }> = [];
  const signals = new EventEmitter();
  const v8Flags: string[] = [];
  const handleOf = (options?: RunOptions): JobHandle => {
    let stop: (options?: { drain?: boolean }) => void = () => {};
    const stopped = new Promise<{ drain?: boolean } | undefined>((resolve) => (stop = resolve));
    const completed = complete(stopped, options);
    return {
      completed,
      metrics: () => metrics(),
      histogram: () => undefined,
      stop: async (options) => {
        stop(options);
        await completed;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  };
  const plan = { renderText: () => 'as text', renderMermaid: () => 'flowchart', stages: ['read'] };
  const context = {
    engine: {
      run: (url: URL, options?: RunOptions) => {
        runs.push({ job: url.href, options });
        return handleOf(options);
      },
      explain: async (url: URL, options?: RunOptions) => {
        runs.push({ job: url.href, options });
        return plan;
      },
    },
    stdout: { write: (text: string) => (printed.stdout += text) },
    stderr: { write: (text: string) => (printed.stderr += text) },
    env,
    signals,
    leave: () => {},
    setV8Flag: (flag: string) => v8Flags.push(flag),
    version: '1.2.3',
  } as unknown as CommandContext;
  const code = commandLine(args, context);
  return { code, printed, runs, signals, v8Flags };
}

describe('millrace run', () => {
  it('gives the engine the job, its workers and its parameters', async () => {
    const { code, runs } = await command(['run', job, '--workers', '3', '--param', 'a=1', '-p', 'b=x=y']);
    expect(await code).toBe(0);
    expect(runs).toEqual([
      { job: `file://${job}`, options: { workers: 3, params: { a: '1', b: 'x=y' }, onNotice: expect.any(Function) } },
    ]);
  });

  it('leaves the number of workers to the engine unless told', async () => {
    const { code, runs } = await command(['run', job]);
    await code;
    expect(runs[0]!.options).not.toHaveProperty('workers');
  });

  it('has young objects collected without helper threads where workers take all cores, and else as V8 likes', async () => {
    const flagsWith = async (...args: string[]): Promise<string[]> => {
      const { code, v8Flags } = await command(['run', job, ...args]);
      await code;
      return v8Flags;
    };
    const cores = availableParallelism();
    expect(await flagsWith()).toEqual(['--no-parallel-scavenge']);
    expect(await flagsWith('--workers', String(cores))).toEqual(['--no-parallel-scavenge']);
    if (cores > 1) expect(await flagsWith('--workers', String(cores - 1))).toEqual([]);
  });

  it('prints the final table and what was collected to stderr, and nothing to stdout', async () => {
    const { code, printed } = await command(['run', job]);
    expect(await code).toBe(0);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toMatch(
      /^flights {2}2 workers[\s\S]*p99\.9[\s\S]*delays[\s\S]*collected answer: 3 records\n$/,
    );
  });

  it('passes on what the engine thinks worth knowing; when quiet only that a stage stalls', async () => {
    for (const quiet of [false, true]) {
      const { code, printed, runs } = await command(['run', job, ...(quiet ? ['--quiet'] : [])], async (_, options) => {
        options?.onNotice?.({ kind: 'workers', message: '2 workers (all cores)' });
        options?.onNotice?.({ kind: 'stalled', message: 'stage parse has not returned for 20 s' });
        return finished;
      });
      expect(await code).toBe(0);
      expect(runs).toHaveLength(1);
      expect(printed.stderr.includes('millrace: 2 workers (all cores)\n')).toBe(!quiet);
      expect(printed.stderr).toContain('millrace: stage parse has not returned for 20 s\n');
    }
  });

  it('prints nothing at all when quiet and successful', async () => {
    const { code, printed } = await command(['run', job, '--quiet']);
    expect(await code).toBe(0);
    expect(printed).toEqual({ stdout: '', stderr: '' });
  });

  it('writes the report', async () => {
    const path = join(folder, 'report.json');
    const { code } = await command(['run', job, '--report', path]);
    expect(await code).toBe(0);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...finished, results: { answer: { records: 3 } } });
  });

  it('ends with 1 and says why when the job fails, and writes the report all the same', async () => {
    const path = join(folder, 'report.json');
    const { code, printed } = await command(['run', job, '--report', path], async () => {
      throw new MillraceError('ERR_OPERATOR', 'map threw', { place: { stage: 'parse' }, cause: new TypeError('no') });
    });
    expect(await code).toBe(1);
    expect(printed.stderr).toContain("millrace: map threw (stage 'parse') [ERR_OPERATOR]\n  caused by TypeError: no\n");
    expect(printed.stderr).not.toMatch(/^\s+at /m);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      job: 'flights',
      outcome: 'failed',
      error: { code: 'ERR_OPERATOR' },
      stages: [{ stage: 'read' }, { stage: 'delays' }],
    });
  });

  it.each([
    [['--debug'], {}],
    [[], { MILLRACE_DEBUG: '1' }],
  ])('shows stacks with %j and %j', async (args, env) => {
    const { code, printed } = await command(['run', job, ...args], async () => Promise.reject(new Error('x')), env);
    expect(await code).toBe(1);
    expect(printed.stderr).toMatch(/^\s+at /m);
  });

  it('ends with 1 when the report cannot be written in the end', async () => {
    const path = join(folder, 'sub', 'report.json');
    const { code, printed } = await command(['run', job, '--report', path], async () => {
      await rm(join(folder, 'sub'), { recursive: true });
      return finished;
    });
    expect(await code).toBe(1);
    expect(printed.stderr).toContain('the report could not be written');
  });

  it.each(['ERR_OPTION_INVALID', 'ERR_OPTION_UNKNOWN', 'ERR_PARAM_INVALID', 'ERR_JOB_MODULE'] as const)(
    'ends with 2 when the engine refuses with %s',
    async (codeOfError) => {
      const { code, printed } = await command(['run', job], async () => {
        throw new MillraceError(codeOfError, 'refused');
      });
      expect(await code).toBe(2);
      expect(printed.stderr).toContain(`millrace: refused [${codeOfError}]`);
    },
  );

  it.each([
    [['SIGINT'], 'drained', 130],
    [['SIGTERM'], 'drained', 143],
    [['SIGINT'], 'finished', 0],
    [['SIGINT'], 'aborted', 130],
    [['SIGINT'], 'failed', 1],
  ] as const)('after %j and %s ends with %d', async (sent, outcome, expected) => {
    const { code, signals, printed } = await command(['run', job], async (stopped) => {
      expect(await stopped).toEqual({ drain: true });
      return { ...finished, outcome };
    });
    while (signals.listenerCount('SIGINT') === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const signal of sent) signals.emit(signal, signal);
    expect(await code).toBe(expected);
    expect(printed.stderr).toContain('interrupted: finishing what is under way');
    expect(signals.eventNames()).toEqual([]);
  });

  it('ends with 130 when a second Ctrl-C aborted the job', async () => {
    const { code, signals } = await command(['run', job], async (stopped) => {
      await stopped;
      throw new MillraceError('ERR_ABORTED', 'stopped');
    });
    while (signals.listenerCount('SIGINT') === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    signals.emit('SIGINT', 'SIGINT');
    signals.emit('SIGINT', 'SIGINT');
    expect(await code).toBe(130);
  });
});

describe('millrace plan', () => {
  it.each([
    [[], 'as text\n'],
    [['--format', 'mermaid'], 'flowchart\n'],
  ])('prints the plan to stdout with %j', async (args, expected) => {
    const { code, printed, runs } = await command(['plan', job, ...args, '--param', 'a=1', '--workers', '2']);
    expect(await code).toBe(0);
    expect(printed).toEqual({ stdout: expected, stderr: '' });
    expect(runs[0]!.options).toEqual({ params: { a: '1' }, workers: 2 });
  });

  it('prints the plan as JSON', async () => {
    const { code, printed } = await command(['plan', job, '--format', 'json']);
    expect(await code).toBe(0);
    expect(JSON.parse(printed.stdout)).toEqual({ stages: ['read'] });
  });
});

describe('wrong usage', () => {
  it.each([
    [['run']],
    [['fly']],
    [[]],
    [['run', 'no-such-file.ts']],
    [['run', 'JOB', '--workers', 'many']],
    [['run', 'JOB', '--workers', '-1']],
    [['run', 'JOB', '--workers', '1.5']],
    [['run', 'JOB', '--param', 'novalue']],
    [['run', 'JOB', '--param', 'a=1', '--param', 'a=2']],
    [['run', 'JOB', '--report', '/']],
    [['run', 'JOB', '--nonsense']],
    [['run', 'JOB', 'more']],
    [['plan', 'JOB', '--format', 'pdf']],
  ])('ends with 2 and says so on stderr, before anything runs: %j', async (args) => {
    const { code, printed, runs } = await command(args.map((arg) => (arg === 'JOB' ? job : arg)));
    expect(await code).toBe(2);
    expect(runs).toEqual([]);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).not.toBe('');
  });

  it('never prints what may be a secret', async () => {
    for (const args of [
      ['--param', 'hunter2'],
      ['--pasword=hunter2'],
      ['--param', 'k=hunter2', '--param', 'k=hunter2'],
    ]) {
      const { code, printed } = await command(['run', job, ...args]);
      expect(await code).toBe(2);
      expect(printed.stderr).not.toContain('hunter2');
    }
  });
});

describe('help and version', () => {
  it.each([[['--help']], [['run', '--help']], [['--version']]])('go to stdout and end with 0: %j', async (args) => {
    const { code, printed } = await command(args);
    expect(await code).toBe(0);
    expect(printed.stderr).toBe('');
    expect(printed.stdout).toMatch(args.includes('--version') ? /^1\.2\.3\n$/ : /Usage: millrace/);
  });
});
