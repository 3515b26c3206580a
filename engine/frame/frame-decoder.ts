// Turns frames back into records. On the consumer's thread, one decoder a lane: a lane is first in, first out, so the schema of a frame has
// always arrived before it.
// Guarantees: fresh records, deep-equal to what was encoded; nothing outside the frame is read. Fields come in the order of the schema.
import { MillraceError } from '../errors/millrace-error.ts';
import { interpretDecoder, type RowDecoder } from './decoder-interpreted.ts';
import { type DecoderFragments, decoderFragments } from './decoder-source.ts';
import type { FrameMemory } from './frame-memory.ts';
import { type FrameSchema, schemaFromBytes } from './frame-schema.ts';
import { codeGenerationAllowed } from './generated-code.ts';

/** Versions kept: the newest is in use, the others only where one announcement overtakes frames in a test or a tool. */
const VERSIONS_MAX = 4;

/** Compiling takes as long as interpreting some hundred records: a schema that carries fewer is never compiled. */
export const COMPILE_AFTER_RECORDS = 128;

interface Version {
  readonly schema: FrameSchema;
  records: number;
  compiled: boolean;
  decodeRows: RowDecoder;
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
  readonly #mayCompile: boolean;
  #current = -1;
  #version: Version | undefined;

  /** `interpret`: never generate code, as if the process forbade it. */
  constructor(options: { interpret?: boolean } = {}) {
    this.#mayCompile = codeGenerationAllowed && options.interpret !== true;
  }

  /**
   * Takes the schema that frames of `version` are written with.
   * @throws MillraceError ERR_CORRUPT_FRAME when `schema` is not what `FrameEncoder.encodeSchema` wrote
   */
  learn(version: number, schema: Uint8Array): void {
    const parsed = schemaFromBytes(schema);
    this.#versions.delete(version);
    this.#versions.set(version, { schema: parsed, records: 0, compiled: false, decodeRows: interpretDecoder(parsed) });
    this.#current = -1;
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= VERSIONS_MAX) break;
      this.#versions.delete(oldest);
    }
  }

  /** The schema learned as `version`, for `decoderFragments`. */
  schemaOf(version: number): FrameSchema | undefined {
    return this.#versions.get(version)?.schema;
  }

  /**
   * Fills into[offset .. offset + count) with the records of the frame at byte `at`. Strings are cut from one text per frame and keep
   * it alive: copy those that go into long-lived state.
   * @throws MillraceError ERR_CORRUPT_FRAME when the frame is not what an encoder wrote, or its schema was never announced
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
    if (!known.compiled && this.#mayCompile && (known.records += count) > COMPILE_AFTER_RECORDS) {
      known.decodeRows = compileDecoder(known.schema);
      known.compiled = true;
    }
    known.decodeRows(memory, at, count, into, offset);
  }
}

export function compileDecoder(schema: FrameSchema): RowDecoder {
  const fragments = decoderFragments(schema);
  const build = new Function(...Object.keys(fragments.bindings), decoderSource(fragments)) as (
    ...values: unknown[]
  ) => RowDecoder;
  return build(...Object.values(fragments.bindings));
}

function decoderSource({ setup, clean, cleanRow, row, finish }: DecoderFragments): string {
  return `'use strict';
return function decodeRows(memory, at, count, into, offset) {
${setup}
if (${clean}) for (let k = 0; k < count; k++) { ${cleanRow} into[offset + k] = record; }
else for (let k = 0; k < count; k++) { ${row} into[offset + k] = record; }
${finish}
};`;
}
