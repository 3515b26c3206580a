// The folder says on which thread code runs, and so what it may import (ARCHITECTURE.md). What is true of the folders is checked here.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHIPPED = ['index.ts', 'engine', 'workers', 'scheduler', 'connectors', 'cli', 'testing'];

interface Import {
  readonly from: string;
  /** Path from the root for files of ours, else the name of a package or of a module of Node. */
  readonly to: string;
  readonly isOurs: boolean;
  readonly isType: boolean;
}

const files: ReadonlyMap<string, string> = new Map(
  SHIPPED.flatMap((top) => (top.endsWith('.ts') ? [top] : filesOf(top))).map((file) => [
    file,
    readFileSync(join(ROOT, file), 'utf8'),
  ]),
);
const imports: readonly Import[] = [...files].flatMap(([file, text]) => importsOf(file, text));

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'));
}

function importsOf(from: string, text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  const add = (to: string, isType: boolean): void => {
    const isOurs = to.startsWith('.');
    found.push({
      from,
      to: isOurs ? relative(ROOT, join(ROOT, dirname(from), to)).replaceAll('\\', '/') : to,
      isOurs,
      isType,
    });
  };
  for (const [, type, to] of code.matchAll(/^(?:import|export)\s+(type\s)?[^;'"]*?\sfrom\s+['"]([^'"]+)['"]/gm)) {
    add(to!, type !== undefined);
  }
  for (const [, to] of code.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) add(to!, false);
  for (const [, to] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) add(to!, false);
  return found;
}

/** Comments hold examples, which import what users import. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** `engine/queue/ring.ts` is in `engine` and in `engine/queue`. */
const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Imports of ours from `folder` that lead to none of `allowed`. */
function strays(folder: string, allowed: readonly string[]): string[] {
  return imports
    .filter(({ from, isOurs }) => isOurs && isIn(from, folder))
    .filter(({ to }) => !allowed.some((target) => isIn(to, target)))
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('the import rules', () => {
  it('are checked against imports that were found', () => {
    expect(files.size).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.filter(({ isOurs, to }) => isOurs && !files.has(to))).toEqual([]);
    // Each way of writing an import is read, and examples in comments are not.
    const text = `
      // import x from './comment.ts'
      /* import x from './block.ts' */
import a from './a.ts';
import type { B } from './b.ts';
import {
  c,
  type D,
} from '../c.ts';
export { e } from './e.ts';
import './f.ts';
const g = await import('./g.ts');
const url = 'https://example.org'; import h from 'node:fs';`;
    expect(importsOf('engine/x.ts', text).map(({ to, isType }) => `${to}${isType ? ' type' : ''}`)).toEqual([
      'engine/a.ts',
      'engine/b.ts type',
      'c.ts',
      'engine/e.ts',
      'engine/f.ts',
      'engine/g.ts',
    ]);
  });

  it('let the queue import nothing but itself and Node', () => {
    expect(strays('engine/queue', ['engine/queue'])).toEqual([]);
    expect(packagesOf('engine/queue').filter((name) => !name.startsWith('node:'))).toEqual([]);
  });

  it('let the engine import nothing outside the engine', () => {
    expect(strays('engine', ['engine'])).toEqual([]);
  });

  it('let workers and the scheduler meet in the engine alone', () => {
    expect(strays('workers', ['workers', 'engine'])).toEqual([]);
    expect(strays('scheduler', ['scheduler', 'engine'])).toEqual([]);
  });

  it('let connectors use the public contract, the errors and the adapters, and what they share among themselves', () => {
    const contract = ['engine/connector', 'engine/errors', 'engine/adapters'];
    for (const connector of readdirSync(join(ROOT, 'connectors'))) {
      const own = `connectors/${connector}`;
      expect(strays(own, [own, 'connectors/files', 'connectors/streams', ...contract])).toEqual([]);
    }
  });

  it('let the command use the public surface, as any other program', () => {
    expect(strays('cli', ['cli', 'index.ts', 'connectors'])).toEqual([]);
  });

  it('let the public surface and the test kit reach into everything shipped, and nothing reach into the test kit', () => {
    expect(strays('index.ts', ['engine', 'scheduler'])).toEqual([]);
    expect(strays('testing', ['testing', 'engine', 'workers', 'scheduler', 'index.ts'])).toEqual([]);
    expect(imports.filter(({ from, to }) => isIn(to, 'testing') && !isIn(from, 'testing'))).toEqual([]);
  });

  it('let nothing shipped import tests, benches or examples, or the package by its own name', () => {
    const unshipped = (to: string): boolean =>
      ['test', 'bench', 'examples', 'build', 'dist'].some((top) => isIn(to, top));
    expect(imports.filter(({ to }) => unshipped(to) || to === 'millrace' || to.startsWith('millrace/'))).toEqual([]);
  });

  it('let only the folders that need them load packages', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const declared = new Set([...Object.keys(dependencies!), ...Object.keys(peerDependencies ?? {})]);
    const loaded = imports.filter(({ isOurs, to }) => !isOurs && !to.startsWith('node:'));
    for (const { from, to } of loaded) expect(declared, `${from} imports ${to}`).toContain(packageName(to));
    const users = (name: string): string[] => [
      ...new Set(loaded.filter(({ to }) => packageName(to) === name).map(({ from }) => from.split('/')[0]!)),
    ];
    expect(users('piscina')).toEqual(['scheduler']);
    expect(users('comlink').sort()).toEqual(['scheduler', 'workers']);
    expect(users('commander')).toEqual(['cli']);
  });

  it('form no cycle', () => {
    expect(cycle((one) => one.isOurs && !one.isType)).toBeUndefined();
  });

  it('form no cycle of types either', () => {
    expect(cycle((one) => one.isOurs)).toBeUndefined();
  });
});

describe('the files', () => {
  it('export by name: nothing is public by accident', () => {
    for (const [file, text] of files) expect(withoutComments(text), file).not.toMatch(/^export \*/m);
  });

  it('hold one concept each, which fits four hundred lines', () => {
    const long = [...files].filter(([, text]) => text.split('\n').length > 401).map(([file]) => file);
    expect(long).toEqual([]);
  });

  it('are named after what they hold', () => {
    const catchAll = /[/-](utils?|helpers?|misc|stuff)[/.-]|\/(types|common|shared|lib|constants)[/.]/;
    expect([...files.keys()].filter((file) => catchAll.test(file))).toEqual([]);
    expect([...files.keys()].filter((file) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(file))).toEqual([]);
  });

  it('that hold more than a few lines say what they are before they begin', () => {
    const silent = [...files]
      .filter(([, text]) => text.split('\n').length > 60)
      .filter(([, text]) => !/^(#!.*\n)?\s*(\/\/|\/\*)/.test(text) && !/\n(\/\*\*|\/\/)/.test(text));
    expect(silent.map(([file]) => file)).toEqual([]);
  });
});

function packagesOf(folder: string): string[] {
  return imports.filter(({ from, isOurs }) => !isOurs && isIn(from, folder)).map(({ to }) => to);
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The first cycle among the chosen imports, as a path of files. */
function cycle(chosen: (one: Import) => boolean): string | undefined {
  const targets = new Map<string, string[]>();
  for (const one of imports.filter(chosen)) targets.set(one.from, [...(targets.get(one.from) ?? []), one.to]);
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' -> ');
    if (finished.has(file)) return undefined;
    for (const target of targets.get(file) ?? []) {
      const found = visit(target, [...path, file]);
      if (found !== undefined) return found;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of files.keys()) {
    const found = visit(file, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
