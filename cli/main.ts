#!/usr/bin/env node
// The entry of the `millrace` command: hands the process to commandLine and ends with its exit code.

import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { explain, run } from '../index.ts';
import { commandLine } from './command-line.ts';

const { version } = createRequire(import.meta.url)('millrace/package.json') as { version: string };

// A reader that went away (`millrace … | head`) must not turn into a crash of the command.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const exitCode = await commandLine(process.argv.slice(2), {
  engine: { run, explain },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signals: process,
  leave: (code) => process.exit(code),
  setV8Flag: setFlagsFromString,
  version,
});

// A job's module may hold a connection open on this thread; a finished command ends all the same, once everything is printed.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
