// Input files of benches: made once from a seed, kept in the system's folder for temporary files, never inside a clock. Any thread.
//
// A file's name says all that its content depends on, so a file that is there is the right one. It is written under another name and
// renamed when it is whole: an interrupted bench leaves nothing that the next one would take for its input.

import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the files are; delete it to get the room back. */
export const INPUT_FOLDER: string = join(tmpdir(), 'millrace-bench');

/** The path of an input file, whether or not it has been made. */
export function inputPath(name: string): string {
  return join(INPUT_FOLDER, name);
}

/** Calls `make` with the path to write to, unless the file is there already. Gives the path of the finished file. */
export async function makeInput(name: string, make: (path: string) => void | Promise<void>): Promise<string> {
  const path = inputPath(name);
  if (existsSync(path)) return path;
  mkdirSync(INPUT_FOLDER, { recursive: true });
  process.stderr.write(`making ${path}\n`);
  const unfinished = `${path}.${process.pid}.unfinished`;
  await make(unfinished);
  renameSync(unfinished, path);
  return path;
}

/** Writes `count` lines, some thousands at a time. `lineAt` includes the line end. */
export function writeLines(path: string, count: number, lineAt: (index: number) => string, head = ''): void {
  const fd = openSync(path, 'w');
  try {
    let text = head;
    for (let index = 0; index < count; index++) {
      text += lineAt(index);
      if (text.length >= 1 << 20) {
        writeSync(fd, text);
        text = '';
      }
    }
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
