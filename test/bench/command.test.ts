import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../build/bench/main.js', import.meta.url));

function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe.runIf(existsSync(COMMAND))('the bench command', () => {
  it('lists its benches', async () => {
    const { code, stdout } = await bench('--list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^keyed-sum {2,}source -> filter/m);
  });

  it('refuses a name that it does not know, and says which it knows', async () => {
    const { code, stderr } = await bench('keyed-some');
    expect(code).toBe(2);
    expect(stderr).toMatch(/no bench called 'keyed-some'/);
    expect(stderr).toMatch(/names: keyed-sum, keyed-sum-string/);
  });

  it('refuses options that it does not know, rounds that are no number, and no name at all', async () => {
    for (const args of [['keyed-sum', '--quickly'], ['keyed-sum', '--rounds', 'many'], ['targets', 'queue'], []]) {
      const { code, stderr } = await bench(...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/usage: npm run bench/);
    }
  });
});
