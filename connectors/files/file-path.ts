// What a user may name as input: a file, a folder, a glob, a file: URL, or several of them. Main thread, inside splits().
// The answer is a sorted list of absolute paths without doubles. Nothing found is an error, never an empty input: a job over no
// files would look like a success.

import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { cannotRead } from './file-errors.ts';
import { expandBraces, type GlobSegment, globRoot, globSegments, isGlob, matchesGlob } from './glob.ts';

/** A file, a folder (all files in it, at any depth, hidden ones left out) or a glob such as `data/**\/*.csv`; or several. */
export type FilePath = string | URL | readonly (string | URL)[];

/** For people: `csv(flights.csv)`, `csv(2 paths)`. */
export function describePath(path: FilePath): string {
  if (Array.isArray(path)) return path.length === 1 ? describePath(path[0]) : `${path.length} paths`;
  return path instanceof URL ? shownPath(fileURLToPath(path)) : String(path);
}

/** The path from the working directory where that is shorter to read, else the whole of it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}

/** All files that `path` names, absolute and sorted. Throws ERR_SOURCE when a part of it names none. */
export function resolveFiles(path: FilePath): string[] {
  const parts: readonly (string | URL)[] = Array.isArray(path) ? path : [path as string | URL];
  if (parts.length === 0)
    throw new MillraceError('ERR_SOURCE', 'A source needs one path or more: the list of paths is empty');
  const found = new Set<string>();
  for (const part of parts) for (const file of resolvePart(part)) found.add(file);
  return [...found].sort();
}

function resolvePart(part: string | URL): string[] {
  if (part instanceof URL) {
    if (part.protocol !== 'file:') {
      throw new MillraceError('ERR_SOURCE', `A source reads files: ${part.href} is no file: URL. Download it first`);
    }
    return resolveNamed(fileURLToPath(part));
  }
  if (typeof part !== 'string' || part === '') {
    throw new MillraceError('ERR_SOURCE', `A path must be a string or a file: URL that is not empty: ${String(part)}`);
  }
  // A file that is really called `a[1].csv` is meant before the pattern is.
  return !isGlob(part) || existsSync(part) ? resolveNamed(resolve(part)) : resolveGlob(part);
}

function resolveNamed(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannotRead(path, error);
    throw new MillraceError(
      'ERR_SOURCE',
      `No such file or folder: ${path}. Check the path: relative ones start at the working directory, ${process.cwd()}`,
      { cause: error },
    );
  }
  if (!isFolder) return [path];
  const files = walk(path, '', [], () => true, ['**']);
  if (files.length === 0)
    throw new MillraceError('ERR_SOURCE', `The folder holds no files: ${path}. Hidden files are left out`);
  return files;
}

function resolveGlob(pattern: string): string[] {
  const normalized = sep === '\\' ? pattern.replaceAll('\\', '/') : pattern;
  const files: string[] = [];
  const looked = new Set<string>();
  for (const expanded of expandBraces(normalized)) {
    const root = globRoot(expanded);
    const folder = resolve(root);
    looked.add(folder);
    const matchers = globSegments(expanded.slice(root.length));
    if (existsSync(folder))
      files.push(...walk(folder, '', [], (segments) => matchesGlob(matchers, segments), matchers));
  }
  if (files.length > 0) return files;
  throw new MillraceError(
    'ERR_SOURCE',
    `No file matches ${pattern}, looked in ${[...looked].join(' and ')}. ` +
      'Check the pattern: * stays within one folder, ** goes into folders, hidden files are left out',
  );
}

/** Files below `folder` whose segments fit. Links are followed, each folder once along a path, so that a loop of links ends. */
function walk(
  folder: string,
  below: string,
  ancestors: readonly string[],
  fits: (segments: string[]) => boolean,
  matchers: readonly GlobSegment[],
): string[] {
  const here = join(folder, below);
  const real = realpathSync(here);
  if (ancestors.includes(real)) return [];
  const files: string[] = [];
  const deepest = matchers.includes('**') ? Number.POSITIVE_INFINITY : matchers.length;
  const wantsHidden = matchers.some((matcher) => matcher !== '**' && !matcher.source.startsWith('^(?!'));
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(here);
  } catch (error) {
    throw cannotRead(here, error);
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.') && !wantsHidden) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const depth = path.split('/').length;
    const target = entry.isSymbolicLink() ? statSync(join(folder, path), { throwIfNoEntry: false }) : entry;
    if (target === undefined) continue;
    if (target.isDirectory()) {
      if (depth < deepest) files.push(...walk(folder, path, [...ancestors, real], fits, matchers));
    } else if (target.isFile() && fits(path.split('/'))) files.push(join(folder, path));
  }
  return files;
}

function readEntries(folder: string): import('node:fs').Dirent[] {
  return readdirSync(folder, { withFileTypes: true });
}
