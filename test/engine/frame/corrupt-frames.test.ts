import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import { FrameDecoder } from '../../../engine/frame/index.ts';
import { LanePair } from './lane-pair.ts';

const records = Array.from({ length: 9 }, (_, i) => ({
  id: i,
  price: i / 3,
  name: `name ${i}`,
  at: new Date(i),
  data: new Uint8Array([i, i]),
  flag: i % 2 === 0,
  nested: { deep: [i] },
  note: i % 3 === 0 ? null : 'note',
}));

function decodes(pair: LanePair, count: number = records.length): unknown[] {
  const into: unknown[] = [];
  pair.decoder.decode(pair.announced, pair.memory, LanePair.frameAt, count, into);
  return into;
}

/** The guard bytes around a frame are all X (0x58): no damage may look like one. */
function hasNoGuard(value: number): boolean {
  return [0, 8, 16, 24].every((shift) => ((value >> shift) & 0xff) !== 0x58);
}

describe.each([0, Number.POSITIVE_INFINITY])('a damaged frame (compiled after %s records)', (compileAfterRecords) => {
  it('is noticed, or cuts values inside itself: nothing outside it is read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.oneof(fc.integer(), fc.integer({ min: -40, max: 400 })).filter(hasNoGuard)), {
          minLength: 1,
          maxLength: 3,
        }),
        (damages) => {
          const pair = new LanePair({ compileAfterRecords });
          const words = pair.put(records).length >> 2;
          for (const [word, value] of damages) pair.memory.int32[(LanePair.frameAt >> 2) + (word % words)] = value;
          try {
            const text = JSON.stringify(decodes(pair), (_, value) => (typeof value === 'bigint' ? `${value}` : value));
            expect(text).not.toMatch(/XX|"0":88,"1":88/);
          } catch (error) {
            if (!(error instanceof MillraceError)) throw error;
            expect(error.code).toBe('ERR_CORRUPT_FRAME');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each<[string, number, number]>([
    ['its length', 0, 8],
    ['its length, beyond the memory', 0, 0x7fff_fff8],
    ['its count', 1, 8],
    ['its text length', 2, 1 << 20],
    ['a negative text length', 2, -1],
    ['its encoding', 3, 1],
    ['its byte area', 4, -8],
    ['its clone area', 5, 1 << 24],
    ['its cells', 6, 3],
    ['its columns', 7, 2],
    ['its tagged columns', 8, 0],
  ])('is noticed when %s is wrong', (_, word, value) => {
    const pair = new LanePair({ compileAfterRecords });
    pair.put(records);
    pair.memory.int32[(LanePair.frameAt >> 2) + word] = value;
    expect(() => decodes(pair)).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT_FRAME' }));
  });

  it('is noticed when it was announced with another count, place or schema', () => {
    const pair = new LanePair({ compileAfterRecords });
    pair.put(records);
    const into: unknown[] = [];
    for (const [version, at, count] of [
      [pair.announced, LanePair.frameAt, 8],
      [pair.announced, LanePair.frameAt, -9],
      [pair.announced, LanePair.frameAt + 4, 9],
      [pair.announced, -8, 9],
      [pair.announced, pair.memory.bytes.length - 8, 9],
      [pair.announced + 1, LanePair.frameAt, 9],
      [0, LanePair.frameAt, 9],
    ] as const) {
      expect(() => pair.decoder.decode(version, pair.memory, at, count, into)).toThrow(
        expect.objectContaining({ code: 'ERR_CORRUPT_FRAME' }),
      );
    }
  });
});

describe('a damaged schema', () => {
  it.each([
    '',
    'nonsense',
    '5',
    '["other",[]]',
    '["fields",[["a"]]]',
    '["fields",[["a","float16",0]]]',
    '["fields",[null]]',
    '["value",[]]',
  ])('is noticed: %s', (text) => {
    expect(() => new FrameDecoder().learn(1, Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'ERR_CORRUPT_FRAME' }),
    );
  });
});
