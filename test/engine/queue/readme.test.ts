import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildQueue } from './built-queue.ts';

const README = readFileSync(new URL('../../../engine/queue/README.md', import.meta.url), 'utf8');
const built = buildQueue();
const folder = mkdtempSync(join(tmpdir(), 'millrace-queue-readme-'));
afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Every snippet opens with the name of its file. */
const snippets = [...README.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)].map((match) => ({
  file: match[1]!,
  source: match[2]!.replaceAll("'millrace/queue'", JSON.stringify(built.indexUrl)),
}));

function run(file: string): string {
  for (const snippet of snippets) writeFileSync(join(folder, snippet.file), snippet.source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, file)], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
}

describe('the queue README', () => {
  it('has no snippet that is not run here', () => {
    expect(README.match(/```js/g)).toHaveLength(snippets.length);
    expect(snippets.map(({ file }) => file)).toEqual(['consumer.mjs', 'producer.mjs', 'worker.mjs']);
  });

  it('shows two threads that compute what it says', () => {
    const promised = /prints `(.*?)`/.exec(README)?.[1];
    expect(run('producer.mjs')).toBe(promised);
    expect(promised).toBe(`sum ${(512_000 * 511_999) / 2}`);
  });

  it('shows a worker that sleeps once for several rings', () => {
    expect(run('worker.mjs')).toBe('type 7');
  });
});
