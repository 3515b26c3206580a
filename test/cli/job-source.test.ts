import { describe, expect, it } from 'vitest';
import { jobParams, jobUrl } from '../../cli/job-source.ts';

describe('parameters on the command line', () => {
  it('are cut at the first equals sign, and may be empty', () => {
    expect(jobParams(['file=a.csv', 'where=x=1', 'none='])).toEqual({ file: 'a.csv', where: 'x=1', none: '' });
  });

  it('may have any name', () => {
    const params = jobParams(['__proto__=x', 'constructor=y']);
    expect(Object.entries(params)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  });

  it('are refused without a name or an equals sign, and the message does not repeat what may be a secret', () => {
    expect(() => jobParams(['a=1', 'hunter2'])).toThrow('number 2');
    expect(() => jobParams(['hunter2'])).not.toThrow('hunter2');
    expect(() => jobParams(['=hunter2'])).toThrow('name=value');
  });

  it('are refused when given twice, by name', () => {
    expect(() => jobParams(['password=hunter2', 'password=hunter3'])).toThrow(/^--param password is given twice/);
    expect(() => jobParams(['password=hunter2', 'password=hunter3'])).not.toThrow('hunter');
  });
});

describe('the place of a job', () => {
  it('is a path or a file URL', async () => {
    expect((await jobUrl('package.json')).href).toMatch(/^file:\/\/.*\/package\.json$/);
    const url = new URL('../../package.json', import.meta.url).href;
    expect((await jobUrl(url)).href).toBe(url);
  });

  it('is refused when it is missing or a folder, with the path that was looked at', async () => {
    await expect(jobUrl('no/such.ts')).rejects.toThrow(
      /^no such file: no\/such\.ts \(looked for \/.*\/no\/such\.ts\)$/,
    );
    await expect(jobUrl('test')).rejects.toThrow('test is a folder');
  });
});
