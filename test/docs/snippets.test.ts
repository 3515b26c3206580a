// Every TypeScript block of the documents compiles against the build, and those that say so run.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as millrace from 'millrace';
import * as csv from 'millrace/connectors/csv';
import * as generate from 'millrace/connectors/generate';
import * as ndjson from 'millrace/connectors/ndjson';
import * as parquet from 'millrace/connectors/parquet';
import * as streams from 'millrace/connectors/streams';
import * as textLines from 'millrace/connectors/text';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, documents, PROJECT, textOf } from './snippets.ts';

const execute = promisify(execFile);
const FOLDER = join(PROJECT, 'build/snippets');

const MODULES: Readonly<Record<string, object>> = {
  millrace,
  'millrace/connectors/csv': csv,
  'millrace/connectors/generate': generate,
  'millrace/connectors/ndjson': ndjson,
  'millrace/connectors/parquet': parquet,
  'millrace/connectors/streams': streams,
  'millrace/connectors/text': textLines,
};

interface Snippet {
  readonly name: string;
  readonly document: string;
  readonly block: Block;
  readonly output: string | undefined;
}

const snippets: Snippet[] = documents().flatMap((document) => {
  const blocks = blocksOf(textOf(document));
  return blocks.flatMap((block, index) => {
    if (block.kind !== 'ts' && block.kind !== 'ts run') return [];
    const name = `${document.replace(/\W+/g, '-')}-${block.line}`;
    const next = blocks[index + 1];
    return [{ name, document, block, output: next?.kind === 'output' ? next.text : undefined }];
  });
});

/** The block as a module: with the imports that it left out, on one line before it, and a flow where it speaks of one. */
function moduleText({ block: { text } }: Snippet): string {
  const imports = Object.entries(MODULES).flatMap(([module, names]) => {
    const used = Object.keys(names).filter((name) => {
      const isTaken = new RegExp(`(import\\b[^;]*|(const|let|function|class) )\\b${name}\\b`).test(text);
      return !isTaken && new RegExp(`(?<![.\\w'-])${name}[(<]`).test(text);
    });
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${module}';`];
  });
  const flow = /\bflow\b/.test(text) && !/\(flow\b/.test(text) ? "declare const flow: import('millrace').Flow;" : '';
  return `${imports.join(' ')} ${flow} export {};\n${text}`;
}

describe('the TypeScript in the documents', () => {
  let folder: string;
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
    for (const snippet of snippets) writeFileSync(join(FOLDER, `${snippet.name}.ts`), moduleText(snippet));
    const config = {
      extends: '../../tsconfig.base.json',
      compilerOptions: { paths: {}, outDir: 'js', rootDir: '.' },
      include: ['*.ts'],
    };
    writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('compiles', async () => {
    expect(snippets.length).toBeGreaterThan(5);
    const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
    const problems = await execute(process.execPath, [tsc, '-p', FOLDER]).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    // Told as the line of the document.
    const told = problems.replace(/^(?:.*\/)?([\w-]+)\.ts\((\d+),/gm, (whole, name: string, line: string) => {
      const snippet = snippets.find((one) => one.name === name);
      return snippet === undefined ? whole : `${snippet.document}:${snippet.block.line + Number(line) - 2} (`;
    });
    expect(told).toBe('');
  });

  it.each(snippets.filter(({ block }) => block.kind === 'ts run').map((snippet) => [snippet.name, snippet] as const))(
    'runs %s',
    async (name, { document, block, output }) => {
      const home = join(folder, name);
      mkdirSync(home);
      for (const { kind, text } of blocksOf(textOf(document))) {
        const [, file] = /^csv (\S+)$/.exec(kind) ?? [];
        if (file !== undefined) writeFileSync(join(home, file), text);
      }
      const script = join(FOLDER, `js/${name}.js`);
      const isJob = /^export default job\(/m.test(block.text);
      const args = isJob ? [join(PROJECT, 'dist/cli/main.js'), 'run', script, '--quiet'] : [script];
      const { stdout, stderr } = await execute(process.execPath, args, { cwd: home });
      expect(stderr).toBe('');
      if (output !== undefined) expect(stdout.split('\n').sort()).toEqual(output.split('\n').sort());
    },
  );
});

describe('the guides to time and state', () => {
  it.each(['event-time', 'windows', 'joins', 'state'])(
    'run all their code, but what starts the job of another file: %s',
    (guide) => {
      const blocks = blocksOf(textOf(`docs/guide-${guide}.md`));
      expect(blocks.filter(({ kind }) => kind === 'ts run').length).toBeGreaterThan(2);
      expect(blocks.filter(({ kind, text }) => kind === 'ts' && !text.includes('new URL('))).toEqual([]);
    },
  );
});

describe('links of the documents', () => {
  it.each(documents())('lead somewhere: %s', (document) => {
    for (const [, target] of textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)) {
      const path = resolve(PROJECT, dirname(document), target as string);
      expect({ target, exists: existsSync(path) }).toEqual({ target, exists: true });
    }
  });
});
