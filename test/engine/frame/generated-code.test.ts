import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalEntry, quote } from '../../../engine/frame/generated-code.ts';
import { decoderFragments, type FrameMemory, schemaFromBytes } from '../../../engine/frame/index.ts';
import { hostileNames } from './arbitrary-records.ts';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

describe('a name in generated text', () => {
  it('stays a name, whatever is in it', () => {
    const names = fc.oneof(fc.constantFrom(...hostileNames), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(names, (name) => {
        expect(quote(name)).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(new Function(`return ${quote(name)};`)()).toBe(name);
        const literal = new Function(`return { ${literalEntry(name, '1')} };`)() as object;
        expect(Object.keys(literal)).toStrictEqual([name]);
        expect(Object.getPrototypeOf(literal)).toBe(Object.prototype);
      }),
    );
  });
});

describe('decoder fragments', () => {
  const records = Array.from({ length: 300 }, (_, i) => ({
    price: i / 4,
    name: `n${i}`,
    ...(i % 2 === 0 ? { note: null } : {}),
  }));

  it('fuse into a loop of somebody else, several in one function', () => {
    const [first, second] = [new LanePair(), new LanePair()];
    first.put(records);
    const clean = Array.from({ length: 50 }, (_, i) => ({ price: i, name: 'x' }));
    second.put(clean);
    const left = decoderFragments(schemaFromBytes(first.encoder.encodeSchema()), 'left_');
    const right = decoderFragments(schemaFromBytes(second.encoder.encodeSchema()), 'right_');
    const bindings = { ...left.bindings, ...right.bindings };
    const loop = ({ setup, clean, cleanRow, row, finish }: typeof left, count: number, memory: string): string => `{
      const memory = ${memory}, count = ${count}, at = ${LanePair.frameAt};
      ${setup}
      if (${clean}) { cleanFrames++; for (let k = 0; k < count; k++) { ${cleanRow} sum += record.price; text += record.name.length; } }
      else for (let k = 0; k < count; k++) { ${row} sum += record.price; text += record.name.length; }
      ${finish}
    }`;
    const fused = new Function(
      ...Object.keys(bindings),
      `return (memoryA, memoryB) => { let sum = 0, text = 0, cleanFrames = 0; ${loop(left, 300, 'memoryA')} ${loop(right, 50, 'memoryB')} return { sum, text, cleanFrames }; }`,
    )(...Object.values(bindings)) as (a: FrameMemory, b: FrameMemory) => unknown;
    const all = [...records, ...clean];
    expect(fused(first.memory, second.memory)).toStrictEqual({
      sum: all.reduce((sum, record) => sum + record.price, 0),
      text: all.reduce((sum, record) => sum + record.name.length, 0),
      cleanFrames: 1,
    });
  });
});

describe('a process that forbids generated code', () => {
  it('encodes and decodes all the same', () => {
    const module = fileURLToPath(new URL('../../../engine/frame/index.ts', import.meta.url));
    const script = `
      import { FrameDecoder, FrameEncoder, frameMemory } from ${JSON.stringify(module)};
      const memory = frameMemory(new SharedArrayBuffer(1 << 16));
      const encoder = new FrameEncoder({ compileAfterRecords: 0 }), decoder = new FrameDecoder({ compileAfterRecords: 0 });
      const records = Array.from({ length: 300 }, (_, i) => ({ i, f: i / 3, s: 's' + i, n: { i } })), into = [];
      for (let turn = 0; turn < 2; turn++) {
        encoder.measure(records, 0, 300);
        decoder.learn(encoder.schemaVersion, encoder.encodeSchema());
        encoder.write(memory, 0);
        decoder.decode(encoder.schemaVersion, memory, 0, 300, into);
      }
      let forbidden = false;
      try { new Function('') } catch { forbidden = true }
      console.log(JSON.stringify({ forbidden, into }));`;
    const output = execFileSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module', '--eval', script],
      { encoding: 'utf8', maxBuffer: 1 << 24 },
    );
    const { forbidden, into } = JSON.parse(output);
    expect(forbidden).toBe(true);
    expectSame(
      into,
      Array.from({ length: 300 }, (_, i) => ({ i, f: i / 3, s: `s${i}`, n: { i } })),
    );
  });
});
