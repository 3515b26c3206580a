// The import rules of the folders themselves are held by test/architecture.test.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT, textOf } from './snippets.ts';

it('every source file that ARCHITECTURE.md names is there', () => {
  const known = ['engine', 'workers', 'scheduler', 'connectors', 'testing', 'cli'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const named = [...textOf('ARCHITECTURE.md').matchAll(/`([\w/-]+\.ts)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(4);
  for (const path of named) {
    const isThere = [...known, 'index.ts'].some((file) => `/${file}`.endsWith(`/${path}`));
    expect({ path, isThere }).toEqual({ path, isThere: true });
  }
});
