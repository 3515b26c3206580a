import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as frame from '../../../engine/frame/index.ts';

const page = readFileSync(new URL('../../../docs/FRAMES.md', import.meta.url), 'utf8');

it('the snippet of docs/FRAMES.md prints what it says', () => {
  const snippets = [...page.matchAll(/```ts(?: run)?\n(.*?)```/gs)].map((match) => match[1]!);
  expect(snippets).toHaveLength(1);
  const [snippet] = snippets as [string];
  const names = /^import \{(.*?)\} from 'millrace';\n/.exec(snippet)!;
  const printed: string[] = [];
  new Function('frame', 'console', `const {${names[1]}} = frame; ${snippet.slice(names[0].length)}`)(frame, {
    log: (text: string) => printed.push(text),
  });
  const promised = snippet
    .slice(snippet.indexOf('console.log'))
    .split('\n')
    .slice(1)
    .filter((line) => line.startsWith('// '));
  expect(printed).toStrictEqual([promised.map((line) => line.slice(3)).join('\n')]);
});
