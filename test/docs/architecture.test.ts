// What ARCHITECTURE.md says about folders, held to the imports of the source.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT, textOf } from './snippets.ts';

const FOLDERS = ['engine', 'workers', 'scheduler', 'connectors', 'testing', 'cli'];

interface Import {
  readonly file: string;
  /** Path within the project, or the name of a package. */
  readonly target: string;
  readonly typesOnly: boolean;
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

const imports: Import[] = [...files, 'index.ts'].flatMap((file) => {
  const text = readFileSync(join(PROJECT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\b([^;]*?)\bfrom '([^']+)'/gm)].map(([, what, target]) => ({
    file,
    target: target!.startsWith('.') ? relative(PROJECT, resolve(PROJECT, file, '..', target!)) : target!,
    typesOnly: what!.trimStart().startsWith('type '),
  }));
});

const within = (folder: string) => (path: string) => path.startsWith(`${folder}/`);

/** Imports from one folder that none of the given tests allows, in words. */
function strays(folder: string, ...allowed: ((path: string) => boolean)[]): string[] {
  const isPackage = (path: string): boolean => !path.startsWith('.') && !/\.ts$/.test(path);
  return imports
    .filter(({ file, target }) => within(folder)(file) && !isPackage(target) && !allowed.some((test) => test(target)))
    .map(({ file, target }) => `${file} imports ${target}`);
}

describe('the folders', () => {
  it('are read as a whole', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.filter(({ file }) => file === 'index.ts').length).toBeGreaterThan(10);
  });

  it('keep the engine free of everything outside it, and the queue free of the engine', () => {
    expect(strays('engine', within('engine'))).toEqual([]);
    expect(strays('engine/queue', within('engine/queue'))).toEqual([]);
  });

  it('keep workers and scheduler apart', () => {
    expect(strays('workers', within('workers'), within('engine'))).toEqual([]);
    expect(strays('scheduler', within('scheduler'), within('engine'))).toEqual([]);
  });

  it('let connectors use the engine only by its contract, errors and adapters', () => {
    const contract = ['engine/connector', 'engine/errors', 'engine/adapters'].map(within);
    expect(strays('connectors', within('connectors'), ...contract)).toEqual([]);
  });

  it('let the command use the public surface only', () => {
    expect(strays('cli', within('cli'), (path) => path === 'index.ts')).toEqual([]);
  });

  it('never import tests, examples or benches into what ships', () => {
    expect(imports.filter(({ target }) => /^(test|bench|examples|build)\//.test(target))).toEqual([]);
  });

  it('have no cycle among what runs', () => {
    const edges = new Map<string, string[]>();
    for (const { file, target, typesOnly } of imports) {
      if (!typesOnly && target.endsWith('.ts')) edges.set(file, [...(edges.get(file) ?? []), target]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      else if (!done.has(file)) {
        for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
        done.add(file);
      }
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

it('every source file that ARCHITECTURE.md names is there', () => {
  const named = [...textOf('ARCHITECTURE.md').matchAll(/`([\w/-]+\.ts)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(4);
  const known = [...files, 'index.ts'];
  for (const path of named)
    expect({ path, known: known.some((file) => `/${file}`.endsWith(`/${path}`)) }).toEqual({ path, known: true });
});
