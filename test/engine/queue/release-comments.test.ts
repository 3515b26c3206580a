import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../../engine/queue/', import.meta.url);
const ORDERED_ACCESS = /\.(storeRelease|storeSeqCst|loadAcquire|loadSeqCst)\(/;

interface Half {
  kind: 'acquire' | 'release';
  at: string;
  partners: string[];
}

/** Every ordered access outside the memory object, with the partners that the comment right before it names. */
function orderedAccesses(source: string): Half[] {
  const halves: Half[] = [];
  let className = '';
  let method = '';
  let comment = '';
  for (const line of source.split('\n')) {
    className = /^export class (\w+)/.exec(line)?.[1] ?? className;
    method = /^ {2}(?:get )?(#?\w+)\(.*\{$/.exec(line)?.[1] ?? method;
    const commentText = /^\s*\/\/ (.*)$/.exec(line)?.[1];
    if (commentText !== undefined) {
      comment += ` ${commentText}`;
      continue;
    }
    const access = ORDERED_ACCESS.exec(line)?.[1];
    if (access !== undefined) {
      const kind = access.startsWith('store') ? 'release' : 'acquire';
      const opposite = kind === 'release' ? 'acquire' : 'release';
      const pairing = /Pairs with (.*)/.exec(comment)?.[1] ?? '';
      const partners = [...pairing.matchAll(new RegExp(`the ${opposite} in (\\w+\\.#?\\w+)`, 'g'))].map(
        (m) => m[1] ?? '',
      );
      halves.push({ kind, at: `${className}.${method}`, partners });
    }
    comment = '';
  }
  return halves;
}

function allHalves(): Half[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts') && file !== 'ring-memory.ts')
    .flatMap((file) => orderedAccesses(readFileSync(new URL(file, FOLDER), 'utf8')));
}

function problems(halves: Half[]): string[] {
  return halves.flatMap((half) => {
    if (half.partners.length === 0) return [`the ${half.kind} in ${half.at} names no partner`];
    return half.partners
      .filter(
        (name) =>
          !halves.some((other) => other.kind !== half.kind && other.at === name && other.partners.includes(half.at)),
      )
      .map((name) => `the ${half.kind} in ${half.at} names ${name}, which does not name it back`);
  });
}

describe('release comments', () => {
  it('every release names an acquire that names it back, and every acquire its releases', () => {
    const halves = allHalves();
    expect(halves.filter((half) => half.kind === 'release').length).toBeGreaterThanOrEqual(7);
    expect(halves.filter((half) => half.kind === 'acquire').length).toBeGreaterThanOrEqual(5);
    expect(problems(halves)).toEqual([]);
  });

  it('the check notices a missing partner and a partner that is silent', () => {
    const source = (name: string, partner: string) =>
      `export class ${name} {\n  go(): void {\n    // Pairs with ${partner}.\n    this.memory.${name === 'A' ? 'storeRelease' : 'loadAcquire'}(0);\n  }\n}\n`;
    const a = orderedAccesses(source('A', 'the acquire in B.go'));
    expect(problems([...a, ...orderedAccesses(source('B', 'the release in A.go'))])).toEqual([]);
    expect(problems(a)).toHaveLength(1);
    expect(problems([...a, ...orderedAccesses(source('B', 'nobody'))])).toHaveLength(2);
  });
});
