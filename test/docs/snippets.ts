// The fenced blocks of the project's documents, as the tests want them.
//
//   ```ts              must compile; imports of the package's own names may be left out
//   ```ts run          must also run: a job by the command, anything else as a program
//   ```output          what the block before prints, lines in any order
//   ```csv orders.csv  a file in the folder in which the blocks of this document run

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT: string = fileURLToPath(new URL('../../', import.meta.url));

export interface Block {
  /** `ts`, `ts run`, `output` */
  readonly kind: string;
  readonly text: string;
  /** Line of the first line of the text, from 1. */
  readonly line: number;
}

/** The documents a reader starts from, by path within the project. */
export function documents(): string[] {
  const docs = readdirSync(join(PROJECT, 'docs')).filter((file) => file.endsWith('.md'));
  const top = readdirSync(PROJECT).filter((file) => file.endsWith('.md'));
  return [...top.sort(), ...docs.sort().map((file) => `docs/${file}`)];
}

export function textOf(document: string): string {
  return readFileSync(join(PROJECT, document), 'utf8');
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { kind: string; from: number } | undefined;
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (!line.startsWith('```')) return;
    if (open === undefined) open = { kind: line.slice(3).trim(), from: index + 1 };
    else {
      blocks.push({ kind: open.kind, text: `${lines.slice(open.from, index).join('\n')}\n`, line: open.from + 1 });
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`a block is not closed: line ${open.from}`);
  return blocks;
}
