import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandBraces, globRoot, globSegments, isGlob, matchesGlob } from '../../../connectors/files/glob.ts';

const matches = (pattern: string, path: string): boolean => matchesGlob(globSegments(pattern), path.split('/'));

describe('glob patterns', () => {
  it.each([
    ['*.csv', 'a.csv', true],
    ['*.csv', 'a.tsv', false],
    ['*.csv', 'x/a.csv', false],
    ['**/*.csv', 'a.csv', true],
    ['**/*.csv', 'x/y/a.csv', true],
    ['x/**/y/*.csv', 'x/y/a.csv', true],
    ['x/**/y/*.csv', 'x/1/y/2/y/a.csv', true],
    ['x/**/y/*.csv', 'x/1/2/a.csv', false],
    ['data-?.csv', 'data-1.csv', true],
    ['data-?.csv', 'data-10.csv', false],
    ['data-[0-3].csv', 'data-2.csv', true],
    ['data-[0-3].csv', 'data-4.csv', false],
    ['data-[!0-3].csv', 'data-4.csv', true],
    ['a.b', 'aXb', false],
    ['a+(b).csv', 'a+(b).csv', true],
    ['*', '.hidden', false],
    ['**/*', '.git/config', false],
    ['.*', '.hidden', true],
    ['**', 'a/b/c', true],
    ['*.csv', 'ü漢🎉.csv', true],
    ['?.csv', '🎉.csv', true],
  ])('%s over %s is %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it('expands braces, also nested ones, and leaves an unclosed one alone', () => {
    expect(expandBraces('a.{csv,tsv}')).toEqual(['a.csv', 'a.tsv']);
    expect(expandBraces('{a,b{1,2}}.csv')).toEqual(['a.csv', 'b1.csv', 'b2.csv']);
    expect(expandBraces('a{b.csv')).toEqual(['a{b.csv']);
    expect(expandBraces('a{b}c')).toEqual(['a{b}c']);
  });

  it('starts the search at the last folder that has nothing to match', () => {
    expect(globRoot('/data/2024/*.csv')).toBe('/data/2024');
    expect(globRoot('*.csv')).toBe('');
    expect(globRoot('/*.csv')).toBe('/');
    expect(isGlob('data/flights.csv')).toBe(false);
  });

  it('matches every path against itself, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z.+^$()|-]{1,8}$/), (name) => {
        expect(matches(name, name)).toBe(true);
      }),
    );
  });

  it('answers fast for patterns of many stars', () => {
    const started = performance.now();
    expect(matches(`${'**/'.repeat(30)}x`, `${'a/'.repeat(60)}y`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
