import { ERROR_CODES } from 'millrace';
import { expect, it } from 'vitest';
import { documents, textOf } from './snippets.ts';

it('the guide to errors explains every code, each once and in the order of the list', () => {
  const rows = [...textOf('docs/guide-errors.md').matchAll(/^\| `(ERR_\w+)` \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, code]) => code)).toEqual([...ERROR_CODES]);
});

it('no document speaks of a code that does not exist', () => {
  for (const document of documents()) {
    for (const [code] of textOf(document).matchAll(/\bERR_[A-Z_]+\b/g)) {
      expect({ document, known: (ERROR_CODES as readonly string[]).includes(code), code }).toMatchObject({
        known: true,
      });
    }
  }
});
