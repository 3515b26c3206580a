// Imports a job's module and takes its default export. Any thread: the scheduler plans from it, each worker runs it.
//
// TypeScript jobs load natively where Node strips types (22.18 and later); on older ones through tsx, when the user has it.

import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import { isJob, type Job } from './job.ts';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx']);
let loaderRegistered = false;

/** @throws MillraceError ERR_JOB_MODULE when the module cannot be imported or exports no job by default */
export async function loadJob(module: URL | string): Promise<Job> {
  const url = toUrl(module);
  if (needsLoader(url)) await registerLoader(url);
  let exported: { default?: unknown };
  try {
    exported = (await import(url.href)) as { default?: unknown };
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError('ERR_JOB_MODULE', `the job module ${shown(url)} cannot be imported: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // A CommonJS module that was compiled from TypeScript keeps its default export one level deeper.
  const candidate = isJob(exported.default)
    ? exported.default
    : (exported.default as { default?: unknown } | undefined)?.default;
  if (!isJob(candidate)) {
    const found = exported.default === undefined ? 'it has no default export' : 'its default export is no job';
    throw new MillraceError(
      'ERR_JOB_MODULE',
      `${shown(url)} must export a job by default (export default job('name', …)): ${found}`,
    );
  }
  return candidate;
}

/** A URL as it is, a path or URL string as the file it names. */
export function toUrl(module: URL | string): URL {
  if (module instanceof URL) return module;
  return /^(file|data|node):/.test(module) ? new URL(module) : pathToFileURL(module);
}

function needsLoader(url: URL): boolean {
  const stripsTypes = (process.features as { typescript?: unknown }).typescript;
  return TYPESCRIPT.has(extname(url.pathname)) && !stripsTypes && !loaderRegistered;
}

async function registerLoader(url: URL): Promise<void> {
  if (url.protocol !== 'file:') return;
  // From the job's own folder first: there the user installed it. Then from here.
  for (const from of [fileURLToPath(url), import.meta.url]) {
    let found: string;
    try {
      // What require finds is the CommonJS build, which cannot register its own ESM loader: take the file beside it.
      found = createRequire(from)
        .resolve('tsx/esm/api')
        .replace(/\.cjs$/, '.mjs');
    } catch {
      continue;
    }
    const { register } = (await import(pathToFileURL(found).href)) as { register: () => void };
    register();
    loaderRegistered = true;
    return;
  }
  throw new MillraceError(
    'ERR_JOB_MODULE',
    `${shown(url)} is TypeScript, which Node ${process.versions.node} does not load by itself: ` +
      'install tsx beside the job (npm install --save-dev tsx), use Node 22.18 or later, or compile the job to JavaScript',
  );
}

function shown(url: URL): string {
  return url.protocol === 'file:' ? fileURLToPath(url) : url.href;
}
