// A job that is TypeScript: loaded by Node itself where it strips types, through tsx elsewhere.

import { execFile } from 'node:child_process';

import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('a job in TypeScript', () => {
  it('runs as it is, on all workers', async () => {
    const { stderr } = await promisify(execFile)(
      process.execPath,
      ['dist/cli/main.js', 'run', 'test/jobs/keyed-sum.ts', '--workers', '2', '-p', 'records=10000', '-p', 'keys=20'],
      { cwd: ROOT },
    );
    expect(stderr).toContain('collected answer: 20 records');
  });
});
