// Glob patterns over paths, in the part of the language that every shell shares. Any thread.
// `*` and `?` stay within a path segment, `**` spans any number of segments, `[a-z]` and `[!a-z]` are one character,
// `{csv,tsv}` is either. Hidden files and folders match only where the pattern itself has the dot, as in a shell.
// node:fs has a glob of its own from Node 22 on; the package runs on 20.

const SPECIAL = /[*?[\]{}]/;

/** True when `path` has to be matched rather than opened. */
export function isGlob(path: string): boolean {
  return SPECIAL.test(path);
}

/** The longest folder at the front of a pattern that has nothing to match: where the search starts. */
export function globRoot(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex((segment) => SPECIAL.test(segment));
  const root = segments.slice(0, first === -1 ? -1 : first).join('/');
  return root === '' && pattern.startsWith('/') ? '/' : root;
}

/** One matcher a path segment below the root; `'**'` stands for any number of segments. */
export type GlobSegment = RegExp | '**';

/** `a/*.csv` as matchers of its segments. Braces are expanded by `expandBraces` before. */
export function globSegments(pattern: string): GlobSegment[] {
  return pattern
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => (segment === '**' ? '**' : segmentPattern(segment)));
}

/** True when the segments of a path fit the matchers, all of them. */
export function matchesGlob(matchers: readonly GlobSegment[], segments: readonly string[]): boolean {
  // Greedy with one point to return to, so that `**/**/x` costs no exponential search.
  let matcher = 0;
  let segment = 0;
  let starMatcher = -1;
  let starSegment = 0;
  while (segment < segments.length) {
    const expected = matchers[matcher];
    const name = segments[segment]!;
    if (expected === '**') {
      starMatcher = matcher++;
      starSegment = segment;
    } else if (expected?.test(name)) {
      matcher++;
      segment++;
    } else if (starMatcher !== -1 && !segments[starSegment]!.startsWith('.')) {
      matcher = starMatcher + 1;
      segment = ++starSegment;
    } else return false;
  }
  while (matchers[matcher] === '**') matcher++;
  return matcher === matchers.length;
}

/** `x.{csv,tsv}` as `x.csv` and `x.tsv`. Nested braces are expanded too; an unclosed brace is an ordinary character. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open === -1) return [pattern];
  const commas: number[] = [];
  let depth = 0;
  for (let index = open; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === '{') depth++;
    else if (character === ',' && depth === 1) commas.push(index);
    else if (character === '}' && --depth === 0) {
      if (commas.length === 0) break;
      const cuts = [open, ...commas, index];
      const rest = pattern.slice(index + 1);
      return cuts
        .slice(1)
        .flatMap((cut, part) => expandBraces(pattern.slice(0, open) + pattern.slice(cuts[part]! + 1, cut) + rest));
    }
  }
  return expandBraces(pattern.slice(open + 1)).map((rest) => pattern.slice(0, open + 1) + rest);
}

function segmentPattern(segment: string): RegExp {
  let source = segment.startsWith('.') ? '' : '(?!\\.)';
  for (let index = 0; index < segment.length; index++) {
    const character = segment[index]!;
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const close = segment.indexOf(']', index + 2);
      if (close === -1) source += '\\[';
      else {
        const set = segment.slice(index + 1, close);
        const negated = set.startsWith('!') || set.startsWith('^');
        source += `[${negated ? '^' : ''}${(negated ? set.slice(1) : set).replace(/[\\\]^[]/g, '\\$&')}]`;
        index = close;
      }
    } else source += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 'su');
}
