import { describe, expect, it } from 'vitest';
import type { RingMemory } from '../../../engine/queue/ring-memory.ts';
import { exploreInterleavings, InterleavingError, type Scenario, type Side } from './interleaving-explorer.ts';

const side = (name: string, run: (memory: RingMemory) => void): Side => ({ name, run });

function violationOf(scenario: Scenario): InterleavingError {
  try {
    exploreInterleavings(scenario);
  } catch (error) {
    if (error instanceof InterleavingError) return error;
    throw error;
  }
  throw new Error('The explorer found nothing');
}

describe('the interleaving explorer', () => {
  it('reaches exactly the outcomes that sequential consistency allows', () => {
    const X = 0;
    const Y = 1;
    const SAW = [2, 3] as const;
    const outcomes = new Set<string>();
    exploreInterleavings({
      sides: [
        side('left', (memory) => {
          memory.storeSeqCst(X, 1);
          memory.storeSeqCst(SAW[0], memory.loadSeqCst(Y));
        }),
        side('right', (memory) => {
          memory.storeSeqCst(Y, 1);
          memory.storeSeqCst(SAW[1], memory.loadSeqCst(X));
        }),
      ],
      atEnd: (words) => outcomes.add(`${words.get(SAW[0])}${words.get(SAW[1])}`),
    });
    expect([...outcomes].sort()).toEqual(['01', '10', '11']);
  });

  it('finds the one order in which an unguarded increment loses an update', () => {
    const increment = (name: string) => side(name, (memory) => memory.storeSeqCst(0, memory.loadSeqCst(0) + 1));
    const violation = violationOf({
      sides: [increment('a'), increment('b')],
      atEnd: (words) => expect(words.get(0)).toBe(2),
    });
    expect(violation.kind).toBe('wrong end');
    expect(violation.message).toContain('load word 0 -> 0');
  });

  it('counts states, not orders: independent steps do not multiply', () => {
    const writer = (name: string, word: number) =>
      side(name, (memory) => {
        for (let i = 1; i <= 10; i++) memory.storeSeqCst(word, i);
      });
    expect(exploreInterleavings({ sides: [writer('a', 0), writer('b', 1)] })).toEqual({ states: 121, endings: 1 });
  });

  it('reports a plain message that no atomic orders as a race', () => {
    const sides = (publish: (memory: RingMemory) => void) => [
      side('writer', (memory) => {
        memory.storePlain(0, 42);
        publish(memory);
      }),
      side('reader', (memory) => {
        if (memory.loadAcquire(1) === 1) memory.loadPlain(0);
      }),
    ];
    expect(exploreInterleavings({ sides: sides((memory) => memory.storeRelease(1, 1)) }).endings).toBe(2);
    const early = [
      side('writer', (memory) => {
        memory.storeRelease(1, 1);
        memory.storePlain(0, 42);
      }),
      sides(() => undefined)[1]!,
    ];
    expect(violationOf({ sides: early }).kind).toBe('race');
  });

  it('reports a write over what another side may still read as a race', () => {
    const violation = violationOf({
      sides: [side('reader', (memory) => memory.loadPlain(0)), side('writer', (memory) => memory.storePlain(0, 1))],
    });
    expect(violation.kind).toBe('race');
  });

  it('reports a sleeper that nobody wakes, and one that looked before it slept', () => {
    const waiter = side('waiter', (memory) => {
      if (memory.loadAcquire(0) === 0) memory.wait(1, 0, Number.POSITIVE_INFINITY);
    });
    const ringer = side('ringer', (memory) => {
      memory.storeRelease(0, 1);
      memory.notify(1);
    });
    const violation = violationOf({ sides: [waiter, ringer] });
    expect(violation.kind).toBe('deadlock');
    expect(violation.message).toContain('waiter would sleep for ever');
  });

  it('lets a bounded sleep run out, and reports what the side does then', () => {
    const waiter = side('waiter', (memory) => {
      if (memory.wait(0, 0, 10) === 'timed-out') throw new Error('overslept');
    });
    const ringer = side('ringer', (memory) => {
      memory.storeRelease(0, 1);
      memory.notify(0);
    });
    expect(violationOf({ sides: [waiter, ringer] }).message).toContain('overslept');
    expect(exploreInterleavings({ sides: [waiter, ringer], timeoutsMax: 0 }).endings).toBeGreaterThan(0);
  });

  it('reports a side that throws, with the order that led there', () => {
    const violation = violationOf({
      sides: [
        side('setter', (memory) => memory.storeRelease(0, 1)),
        side('asserter', (memory) => expect(memory.loadAcquire(0)).toBe(0)),
      ],
    });
    expect(violation.kind).toBe('failed');
    expect(violation.message).toContain('setter: store word 0 = 1');
  });
});
