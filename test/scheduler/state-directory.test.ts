// State beyond memory, on threads: the answer is the same, and the files are gone when the job is over, however it ends.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Notice, run } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobUrl } from './built-jobs.ts';

describe('a job with a state directory', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the answer that it gives in memory, and leaves nothing behind', async () => {
    const stateDirectory = join(folder, 'made', 'when needed');
    const handle = run(jobUrl('many-keys'), { workers: 2, stateDirectory, stateMemoryBytes: 200_000 });
    let seen: string[] = [];
    const watching = setInterval(() => {
      try {
        const [own] = readdirSync(stateDirectory);
        if (own !== undefined && seen.length < 2) seen = readdirSync(join(stateDirectory, own)).sort();
      } catch {
        // Not there yet, or no longer.
      }
    }, 5);
    const { results } = await handle.completed;
    clearInterval(watching);
    expect(results['keysByCount']).toEqual([{ key: 3, value: 20_000 }]);
    expect(seen).toEqual(['worker-0-0', 'worker-1-0']);
    expect(readdirSync(stateDirectory)).toEqual([]);
  }, 60_000);

  it('gives what every operator by key gives in memory, and says what stays there', async () => {
    const notices: Notice[] = [];
    const options = { workers: 2, onNotice: (notice: Notice) => notices.push(notice) };
    const inMemory = await run(jobUrl('kept-state'), options).completed;
    expect(inMemory.results['aggregate']).toMatchObject([{ results: 1_800 }]);
    expect(inMemory.results['intervalJoin']).toMatchObject([{ results: 16_200 }]);
    expect(inMemory.results['sliding']).toMatchObject([{ results: 9_000 }]);
    expect(inMemory.results['global']).toMatchObject([{ results: 3_600 }]);
    expect(notices.filter(({ kind }) => kind === 'state')).toEqual([]);
    const state = { stateDirectory: folder, stateMemoryBytes: 500_000 };
    const spilled = await run(jobUrl('kept-state'), { ...options, ...state }).completed;
    expect(spilled.results).toEqual(inMemory.results);
    expect(notices.filter(({ kind }) => kind === 'state')).toMatchObject([
      {
        message: expect.stringMatching(
          /^held in memory, whatever its size: records that wait for their time \('[^']+'\)$/,
        ),
      },
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith('millrace-'))).toEqual([]);
  }, 60_000);

  it('leaves nothing behind when it is stopped in the middle', async () => {
    const options = { workers: 2, stateDirectory: folder, stateMemoryBytes: 200_000 };
    const handle = run(jobUrl('many-keys'), { ...options, params: { records: 50_000_000, keys: 10_000_000 } });
    while (!handle.metrics().stages.some((stage) => stage.recordsIn > 20_000)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await handle.stop({ drain: false });
    expect((await handle.completed).outcome).toBe('aborted');
    expect(readdirSync(folder).filter((name) => name.startsWith('millrace-'))).toEqual([]);
  }, 60_000);

  it('is refused where there can be none', async () => {
    expect(() => run(jobUrl('many-keys'), { stateMemoryBytes: 5 })).toThrow('beside a stateDirectory');
    expect(() => run(jobUrl('many-keys'), { stateDirectory: '' })).toThrow(
      'stateDirectory must be the path of a folder',
    );
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    await expect(run(jobUrl('many-keys'), { stateDirectory: file }).completed).rejects.toThrow(
      'stateDirectory cannot be written to',
    );
  });
});
