// The `millrace` command line: its commands and options, and which exit code comes of it.
// 0 done, 1 the job failed, 2 wrong usage, 130 / 143 interrupted by Ctrl-C / SIGTERM, 141 nobody reads standard output any more.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { describeError, EXIT_DONE, EXIT_USAGE, exitCodeOf } from './error-report.ts';
import { PLAN_FORMATS, type PlanCommandOptions, planCommand } from './plan-command.ts';
import { type RunCommandOptions, runCommand } from './run-command.ts';

const EXAMPLES = `
Examples:
  millrace run flights.ts --param file=flights.parquet --report report.json
  millrace plan flights.ts --format mermaid

Exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted.
Set MILLRACE_DEBUG=1 (or give --debug) to see stacks of errors.`;

/** Runs the command with `args` (without node and script) and resolves to its exit code; never rejects. */
export async function commandLine(args: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = EXIT_DONE;
  let debug = Boolean(context.env['MILLRACE_DEBUG']);
  const program = new Command('millrace')
    .description(
      'Dataflow for Node.js: every core, shared memory, backpressure end to end, and the latency of every stage.',
    )
    .version(context.version)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(`millrace: ${withoutValues(text)}`),
    });
  jobCommand(program, 'run', 'run a job until its input is done')
    .option('--state-dir <folder>', 'keep state that memory does not hold in files there (needs lmdb)')
    .option('--report <file>', 'write everything about the run to this file, as JSON')
    .option('--no-color', 'no colours on the terminal')
    .option('--quiet', 'show no progress and no table, only errors', false)
    .action(async (path: string, options: RunCommandOptions) => {
      debug ||= options.debug;
      exitCode = await runCommand(path, { ...options, debug }, context);
    });
  jobCommand(program, 'plan', 'show how a job would run, without running it')
    .addOption(new Option('--format <format>', 'how to show it').choices(PLAN_FORMATS).default('text'))
    .action(async (path: string, options: PlanCommandOptions & { debug: boolean }) => {
      debug ||= options.debug;
      exitCode = await planCommand(path, options, context);
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own: help and version are no mistakes, all else is.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    context.stderr.write(describeError(error, { debug }));
    return exitCodeOf(error);
  }
}

/** What the commands that take a job have in common. */
function jobCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<job>', 'a module that exports a job by default: job.ts, job.js')
    .option('-w, --workers <number>', 'worker threads; by default one for each core available', parseWorkers)
    .option('-p, --param <name=value>', 'a parameter of the job; repeat it for more', appendTo, [])
    .option('--debug', 'show stacks of errors', false);
}

function appendTo(text: string, given: readonly string[]): string[] {
  return [...given, text];
}

/** Only its form is checked here; the engine knows how many are allowed. */
function parseWorkers(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** What was typed behind the `=` of an option we do not know may be a secret. */
function withoutValues(text: string): string {
  return text.replace(/^(error: unknown option '[^=']*)=.*'/s, "$1=…'");
}
