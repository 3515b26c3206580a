import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolveFiles } from '../../../connectors/files/file-path.ts';
import { failureOf, scratch } from './drive.ts';

function tree(): string {
  const root = scratch();
  mkdirSync(join(root, 'x/y'), { recursive: true });
  mkdirSync(join(root, '.hidden'));
  for (const name of ['b.csv', 'a.csv', 'c.tsv', '.d.csv', 'x/e.csv', 'x/y/f.csv', '.hidden/g.csv', 'h[1].csv']) {
    writeFileSync(join(root, name), '');
  }
  return root;
}

describe('input paths', () => {
  it('a folder is all its files at any depth, sorted, hidden ones left out', () => {
    const root = tree();
    expect(resolveFiles(root)).toEqual(
      ['a.csv', 'b.csv', 'c.tsv', 'h[1].csv', 'x/e.csv', 'x/y/f.csv'].map((name) => join(root, name)),
    );
  });

  it('a glob is the files that match', () => {
    const root = tree();
    expect(resolveFiles(`${root}/*.csv`)).toEqual(['a.csv', 'b.csv', 'h[1].csv'].map((name) => join(root, name)));
    expect(resolveFiles(`${root}/**/[ef].{csv,tsv}`)).toEqual(['x/e.csv', 'x/y/f.csv'].map((name) => join(root, name)));
    expect(resolveFiles(`${root}/.*.csv`)).toEqual([join(root, '.d.csv')]);
  });

  it('several paths are one sorted list without doubles', () => {
    const root = tree();
    expect(resolveFiles([`${root}/b.csv`, pathToFileURL(join(root, 'a.csv')), `${root}/*.csv`])).toEqual(
      ['a.csv', 'b.csv', 'h[1].csv'].map((name) => join(root, name)),
    );
  });

  it('a file whose name looks like a pattern is found by its name', () => {
    const root = tree();
    expect(resolveFiles(`${root}/h[1].csv`)).toEqual([join(root, 'h[1].csv')]);
  });

  it('a loop of links ends', () => {
    const root = tree();
    symlinkSync(root, join(root, 'x/loop'));
    symlinkSync(join(root, 'nowhere'), join(root, 'x/broken.csv'));
    expect(resolveFiles(root).filter((file) => file.endsWith('f.csv'))).toEqual([join(root, 'x/y/f.csv')]);
  });

  it('nothing found is an error that names the pattern, the folder and what to do', async () => {
    const root = scratch();
    const noFile = await failureOf(() => resolveFiles(join(root, 'nope.csv')));
    expect(noFile.code).toBe('ERR_SOURCE');
    expect(noFile.message).toContain(join(root, 'nope.csv'));
    const noMatch = await failureOf(() => resolveFiles(`${root}/*.csv`));
    expect(noMatch.message).toContain(`${root}/*.csv`);
    expect(noMatch.message).toContain(`looked in ${root}`);
    expect((await failureOf(() => resolveFiles(root))).message).toContain('holds no files');
    expect((await failureOf(() => resolveFiles([]))).code).toBe('ERR_SOURCE');
    expect((await failureOf(() => resolveFiles(''))).code).toBe('ERR_SOURCE');
    expect((await failureOf(() => resolveFiles(new URL('https://example.com/a.csv')))).message).toContain(
      'https://example.com/a.csv',
    );
  });
});
