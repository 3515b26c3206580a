import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuoteWalk } from '../../../connectors/csv/boundaries.ts';
import { RecordEndScan } from '../../../connectors/csv/dialect.ts';

const dialect = { delimiter: 44, quote: 34, multiline: true };

/** All starts of records behind the first, by the automaton, byte for byte. */
function startsOf(text: string): number[] {
  const scan = new RecordEndScan(dialect);
  const bytes = Buffer.from(text, 'latin1');
  const starts: number[] = [];
  for (let at = 0; (at = scan.next(bytes, at, bytes.length)) !== -1; ) starts.push(at);
  return starts;
}

describe('the walk from quote to quote', () => {
  it('finds the starts of records that the automaton finds, whatever the pieces that it gets', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', ',', '"', '"', '""', '\n', '\r\n', ',"', '",', '"\n', '\n"', 'é'), {
        maxLength: 40,
      })
      .map((pieces) => pieces.join(''));
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, cuts, fc.uniqueArray(fc.integer({ min: 1, max: 60 })), (content, lengths, wanted) => {
        const candidates = wanted.sort((a, b) => a - b);
        const walk = new QuoteWalk(candidates, dialect);
        for (let base = 0, turn = 0; base < content.length; turn++) {
          const piece = content.slice(base, base + lengths[turn % lengths.length]!);
          walk.pass(piece, base);
          base += piece.length;
        }
        const starts = startsOf(content);
        const expected = candidates.map((candidate) => starts.find((start) => start >= candidate));
        expect(walk.boundaries).toEqual([...new Set(expected)].filter((start) => start !== undefined));
      }),
      { numRuns: 5000 },
    );
  });
});
