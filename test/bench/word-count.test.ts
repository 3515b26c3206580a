import { describe, expect, it } from 'vitest';
import { answerOf, expectedWords, lineAt } from '../../bench/word-count/text.ts';

describe('the text of the word count', () => {
  it('comes to the expected answer when its words are counted one by one', () => {
    const counts = new Map<string, number>();
    for (let line = 0; line < 3000; line++) {
      for (const word of lineAt(line).split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const answer = answerOf(Array.from(counts, ([word, count]) => ({ word, count })));
    expect(answer).toEqual(expectedWords(3000));
    expect(answer.words).toBeGreaterThan(3000 * 6);
    expect(Math.max(...counts.values())).toBeGreaterThan(answer.words / 30);
  });
});
