import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder, FrameEncoder, frameMemory, schemaFromBytes } from '../../../engine/frame/index.ts';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

/** The clock of a machine under test must not decide. */
const coding = { freshNs: Number.POSITIVE_INFINITY, sampleStrings: 64 };

const valuesOf = (pair: LanePair): (readonly string[] | undefined)[] =>
  schemaFromBytes(pair.encoder.encodeSchema()).columns.map(({ values }) => values);

const repeating = (count: number, from = 0): { id: number; kind: string; note: string }[] =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, kind: `kind-${i % 7}`, note: `note ${from + i}` }));

describe.each([0, Number.POSITIVE_INFINITY])('strings that come again (compiled after %s records)', (after) => {
  const options = { compileAfterRecords: after, coding };

  it('travel as codes, which the schema announces, and others stay text', () => {
    const pair = new LanePair(options);
    const asText = pair.put(repeating(200)).length;
    expectSame(pair.send(repeating(200)), repeating(200));
    expect(valuesOf(pair)).toStrictEqual([undefined, Array.from({ length: 7 }, (_, i) => `kind-${i}`), undefined]);
    const asCodes = pair.put(repeating(200)).length;
    expect(asCodes).toBe(asText - 200 * 'kind-0'.length);
    const odd = [...repeating(3), { id: 1, kind: 'never seen', note: '' }, { id: 2, kind: 'ключ', note: 'kind-1' }];
    expectSame(pair.send(odd), odd);
  });

  it('are the same string object each time', () => {
    const pair = new LanePair(options);
    pair.send(repeating(200));
    pair.send(repeating(200));
    // Nothing in JavaScript tells two equal strings apart; that they are not cut anew shows in the text, which is empty.
    const batch = Array.from({ length: 50 }, (_, i) => ({ id: i, kind: 'kind-3', note: 'x' }));
    const words = new Int32Array(new Uint8Array(pair.put(batch)).buffer);
    expect(words[2]).toBe(batch.length);
  });

  it('are text where they would take more room than allowed, and where none is', () => {
    for (const dictionaryBytes of [0, 40]) {
      const pair = new LanePair({ ...options, dictionaryBytes });
      for (let turn = 0; turn < 3; turn++) expectSame(pair.send(repeating(200)), repeating(200));
      expect(valuesOf(pair)).toStrictEqual([undefined, undefined, undefined]);
      expect(pair.encoder.schemaVersion).toBe(1);
    }
  });

  it('are text where to look them up is dear', () => {
    const pair = new LanePair({ compileAfterRecords: after, coding: { ...coding, freshNs: -1 } });
    for (let turn = 0; turn < 3; turn++) expectSame(pair.send(repeating(200)), repeating(200));
    expect(pair.encoder.schemaVersion).toBe(1);
  });

  it('are given up when they come no more, and learned anew only so often', () => {
    const pair = new LanePair(options);
    for (let era = 0; era < 12; era++) {
      const batch = (): { kind: string }[] => Array.from({ length: 512 }, (_, i) => ({ kind: `era ${era}, ${i % 5}` }));
      for (let turn = 0; turn < 600; turn++) {
        if (turn === 0 || turn === 599) expectSame(pair.send(batch()), batch());
        else pair.put(batch());
      }
    }
    // One for the columns, and for each dictionary one to make and one to leave it.
    expect(pair.encoder.schemaVersion).toBeGreaterThan(3);
    expect(pair.encoder.schemaVersion).toBeLessThanOrEqual(1 + 2 * 4);
  }, 60_000);

  it('do not run getters a second time', () => {
    let reads = 0;
    const batch = (): object[] =>
      Array.from({ length: 100 }, () => ({
        get kind() {
          reads++;
          return 'same';
        },
      }));
    const pair = new LanePair(options);
    for (let turn = 0; turn < 4; turn++) pair.send(batch());
    expect(reads).toBe(400);
  });

  it('with a code that the dictionary does not have are a damaged frame', () => {
    const pair = new LanePair(options);
    pair.send(repeating(200));
    pair.send(repeating(200));
    const into: unknown[] = [];
    const words = pair.put(repeating(8)).length >> 2;
    const first = LanePair.frameAt >> 2;
    let damaged = 0;
    for (let word = first; word < first + words; word++) {
      if (pair.memory.int32[word]! >= 0) continue;
      pair.memory.int32[word] = ~7;
      damaged++;
    }
    expect(damaged).toBe(8);
    expect(() => pair.decoder.decode(pair.announced, pair.memory, LanePair.frameAt, 8, into)).toThrow(
      expect.objectContaining({ code: 'ERR_CORRUPT_FRAME' }),
    );
  });
});

describe('rows with dictionaries', () => {
  const user = {
    pushTo: (): void => undefined,
    beyond: (): void => undefined,
    surprised: (): void => undefined,
    refused: (): void => undefined,
  };
  const texts = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('a', 'bb', 'a longer one of these', 'ключ', '') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  );
  const record = fc.record(
    { k: texts, n: fc.integer(), v: fc.oneof(texts, fc.constantFrom(null, undefined)) },
    { noNullPrototype: true },
  );

  it('come out as they went in, by frames and when they are taken back', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (batch) => {
        const encoder = new FrameEncoder({ compileAfterRecords: 0, coding: { ...coding, sampleStrings: 8 } });
        const decoder = new FrameDecoder({ compileAfterRecords: 0 });
        const memory = frameMemory(new SharedArrayBuffer(1 << 16));
        const sample = Array.from({ length: 20 }, (_, i) => ({ k: i % 2 === 0 ? 'a' : 'bb', n: i, v: 'ключ' }));
        encoder.measure(sample, 0, sample.length);
        encoder.settle();
        decoder.learn(encoder.schemaVersion, encoder.encodeSchema());
        const stages = encoder.columnStages(2, 64, false, user)!;
        const into: unknown[] = [];
        for (let turn = 0; turn < 2; turn++) {
          for (const row of batch) stages.append(1, row, 0);
          stages.measure(1);
          stages.write(1, memory, 0);
          decoder.decode(encoder.schemaVersion, memory, 0, batch.length, into);
          expectSame(into, batch);
          for (const row of batch) stages.append(0, row, 0);
          expectSame(stages.take(0).records, batch);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are learned from rows as well, and taken up between frames', () => {
    const encoder = new FrameEncoder({ compileAfterRecords: 0, coding });
    const decoder = new FrameDecoder();
    const memory = frameMemory(new SharedArrayBuffer(1 << 16));
    const first = repeating(20);
    encoder.measure(first, 0, first.length);
    const stages = encoder.columnStages(1, 64, false, user)!;
    for (let frame = 0; frame < 4; frame++) {
      for (const row of repeating(64)) stages.append(0, row, 0);
      stages.measure(0);
      stages.write(0, memory, 0);
      expect(encoder.schemaVersion).toBe(1);
    }
    encoder.settle();
    expect(encoder.schemaVersion).toBe(2);
    const coded = encoder.columnStages(1, 64, false, user)!;
    for (const row of repeating(64)) coded.append(0, row, 0);
    coded.measure(0);
    coded.write(0, memory, 0);
    decoder.learn(2, encoder.encodeSchema());
    const into: unknown[] = [];
    decoder.decode(2, memory, 0, 64, into);
    expectSame(into, repeating(64));
  });
});
