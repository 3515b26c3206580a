// Turns frames back into records. On the consumer's thread, one decoder a lane: a lane is first in, first out, so the
// schema of a frame has always arrived before it. Guarantees: fresh records, deep-equal to what was encoded; nothing
// outside the frame is read. Fields come in the order of the schema.
import { MillraceError } from '../errors/millrace-error.ts';
import { type Dictionaries, interpretDecoder, type RowDecoder } from './decoder-interpreted.ts';
import { type DecoderFragments, decoderFragments } from './decoder-source.ts';
import type { FrameMemory } from './frame-memory.ts';
import { type FrameSchema, schemaFromBytes } from './frame-schema.ts';
import { compileThreshold } from './generated-code.ts';

/** Versions kept: the newest is in use, the others only where one announcement overtakes frames in a test or a tool. */
const VERSIONS_MAX = 4;

interface Version {
  readonly schema: FrameSchema;
  readonly dictionaries: Dictionaries;
  records: number;
  compiled: boolean;
  decodeRows: RowDecoder;
}

export interface FrameDecoderOptions {
  /**
   * Records that a schema carries before its decoder is compiled; Infinity: never. A process that forbids generated
   * code never does.
   */
  readonly compileAfterRecords?: number;
}

/**
 * @example
 * const decoder = new FrameDecoder();
 * decoder.learn(version, schemaBytes);
 * const records: Bid[] = [];
 * decoder.decode(version, memory, at, count, records);
 */
export class FrameDecoder {
  readonly #versions = new Map<number, Version>();
  readonly #compileAfterRecords: number;
  #current = -1;
  #version: Version | undefined;

  constructor(options: FrameDecoderOptions = {}) {
    this.#compileAfterRecords = compileThreshold(options.compileAfterRecords);
    // An encoder that has seen no record yet is at version 0, and can still send a frame of none.
    this.#know(0, { shape: 'fields', columns: [] });
  }

  /**
   * Takes the schema that frames of `version` are written with.
   * @throws MillraceError ERR_CORRUPT_FRAME when `schema` is not what `FrameEncoder.encodeSchema` wrote
   */
  learn(version: number, schema: Uint8Array): void {
    this.#know(version, schemaFromBytes(schema));
  }

  /** The schema learned as `version`, for `decoderFragments`. */
  schemaOf(version: number): FrameSchema | undefined {
    return this.#versions.get(version)?.schema;
  }

  /** The values of each column that has a dictionary, in the schema learned as `version`. */
  dictionariesOf(version: number): Dictionaries {
    return this.#versions.get(version)?.dictionaries ?? [];
  }

  /**
   * Fills into[offset .. offset + count) with the records of the frame at byte `at`. Strings are cut from one text per
   * frame and keep it alive: copy those that go into long-lived state.
   * @throws MillraceError ERR_CORRUPT_FRAME when the frame is not what an encoder wrote, or its schema was never
   * announced
   */
  decode(version: number, memory: FrameMemory, at: number, count: number, into: unknown[], offset = 0): void {
    if (version !== this.#current) {
      this.#version = this.#versions.get(version);
      if (this.#version === undefined) {
        throw new MillraceError(
          'ERR_CORRUPT_FRAME',
          `A frame's schema must be announced before it: version ${version}, known ${[...this.#versions.keys()].join(', ') || 'none'}`,
        );
      }
      this.#current = version;
    }
    const known = this.#version!;
    if (!known.compiled && (known.records += count) > this.#compileAfterRecords) {
      known.decodeRows = compileDecoder(known.schema);
      known.compiled = true;
    }
    known.decodeRows(memory, at, count, into, offset, known.dictionaries);
  }

  #know(version: number, schema: FrameSchema): void {
    this.#versions.delete(version);
    const dictionaries = schema.columns.map(({ values }) => values);
    const decodeRows = interpretDecoder(schema);
    this.#versions.set(version, { schema, dictionaries, records: 0, compiled: false, decodeRows });
    this.#current = -1;
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= VERSIONS_MAX) break;
      this.#versions.delete(oldest);
    }
  }
}

function compileDecoder(schema: FrameSchema): RowDecoder {
  const fragments = decoderFragments(schema);
  const build = new Function(...Object.keys(fragments.bindings), decoderSource(fragments)) as (
    ...values: unknown[]
  ) => RowDecoder;
  return build(...Object.values(fragments.bindings));
}

function decoderSource({ setup, clean, cleanRow, row, finish }: DecoderFragments): string {
  return `'use strict';
return function decodeRows(memory, at, count, into, offset, dictionaries) {
${setup}
if (${clean}) for (let k = 0; k < count; k++) { ${cleanRow} into[offset + k] = record; }
else for (let k = 0; k < count; k++) { ${row} into[offset + k] = record; }
${finish}
};`;
}
