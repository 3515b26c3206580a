// What the command line says about a job, made ready for the engine: where its module is, and its parameters.
// Values of parameters are never printed, also not in errors: they carry passwords.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError } from './error-report.ts';

/** The URL of a job's module, given as a path from here or as a file: URL. */
export async function jobUrl(path: string): Promise<URL> {
  const absolute = path.startsWith('file:') ? fileURLToPath(path) : resolve(path);
  const found = await stat(absolute).catch(() => undefined);
  if (found === undefined) throw new UsageError(`no such file: ${path} (looked for ${absolute})`);
  if (!found.isFile())
    throw new UsageError(`a job is a file, a module that exports it by default: ${path} is a folder`);
  return pathToFileURL(absolute);
}

/** Parameters from `name=value` texts, in the order given. The value may hold further `=`, and may be empty. */
export function jobParams(texts: readonly string[]): Record<string, string> {
  const params = new Map<string, string>();
  for (const [index, text] of texts.entries()) {
    const equals = text.indexOf('=');
    if (equals <= 0) throw new UsageError(`--param must be name=value: number ${index + 1} of them is not`);
    const name = text.slice(0, equals);
    if (params.has(name)) throw new UsageError(`--param ${name} is given twice: give each parameter once`);
    params.set(name, text.slice(equals + 1));
  }
  // fromEntries defines properties, so that even a parameter called __proto__ is one.
  return Object.fromEntries(params);
}
