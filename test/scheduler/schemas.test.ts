import { run } from 'millrace';
import { expect, it } from 'vitest';

const job = new URL('../../build/test/jobs/validated.js', import.meta.url);

it('a schema of any library parses records and refuses others with their field paths; a declared record fixes the columns', async () => {
  const { results } = await run(job, { workers: 2 }).completed;
  const orders = (results['orders'] as { id: string }[]).sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(orders).toEqual([
    { id: 'a', amount: 25, when: new Date(0), note: 'first' },
    { id: 'c', amount: 6, when: new Date(0), note: null },
  ]);
  const refused = results['refused'] as { message: string; record: unknown; operator: string; code: string }[];
  expect(refused.map(({ operator, code }) => `${operator} ${code}`)).toEqual(
    Array(3).fill('check order ERR_RECORD_INVALID'),
  );
  expect(refused.map(({ message }) => message)).toEqual([
    expect.stringMatching(/does not fit its schema: id: /),
    expect.stringMatching(/does not fit its schema: amount: /),
    expect.stringMatching(/does not fit its schema: record: /),
  ]);
  expect(refused.map(({ record }) => record)).toEqual([
    { id: '', amount: '1' },
    { id: 'b', amount: 'many' },
    'not an object',
  ]);
});

it('without a policy the first record that does not fit fails the job, and the error names the place', async () => {
  await expect(run(job, { workers: 2, params: { policy: 'fail' } }).completed).rejects.toMatchObject({
    code: 'ERR_RECORD_INVALID',
    place: { job: 'validated', operator: 'check order', stage: expect.any(String), position: expect.any(String) },
    message: expect.stringContaining('id: '),
  });
});
