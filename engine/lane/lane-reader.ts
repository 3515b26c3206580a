// The receiving end of a lane. On the thread of the receiving actor.
//
//
//   next -> decode -> release        records are copies: the frame is given back to its sender as soon as it is decoded
//   next -> memory, at -> release    or its columns are read in place, by code that was compiled for their schema

import { MillraceError } from '../errors/millrace-error.ts';
import { FrameDecoder, type FrameMemory, type FrameSchema } from '../frame/index.ts';
import type { RingConsumer } from '../queue/index.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import {
  COLUMNS_BYTE,
  COMMITTED_BYTE,
  COUNT_BYTE,
  DATA,
  END,
  INTAKE_BYTE,
  kindOf,
  PORTS,
  portOf,
  SCHEMA,
  SCHEMA_BYTE,
  SCHEMA_LENGTH_BYTE,
  SCHEMA_VERSION_BYTE,
  TIME_BYTES,
  TIMED,
  VERSION_BYTE,
  WATERMARK,
  WATERMARK_BYTE,
} from './lane-frame-layout.ts';

export class LaneReader {
  readonly #ring: RingConsumer;
  readonly #decoders: FrameDecoder[] = Array.from({ length: PORTS }, () => new FrameDecoder());
  /** Where the columns of the polled frame begin in `memory`. */
  at = 0;
  version = 0;
  /** Of the frame polled last. */
  port = 0;
  count = 0;
  bytes = 0;
  intakeNs = 0;
  committedNs = 0;
  /** How full the lane was when the frame was polled, 0 to 1. */
  occupancy = 0;
  /** The sender has said that nothing follows. */
  ended = false;
  /** Index in `memory.float64` of the first record's event time; -1 when the frame has none. */
  timesAt = -1;
  /** What the sender promises of the records behind all frames given back so far, in ms of event time; NaN while it is idle. */
  watermarkMs: number = NO_WATERMARK;
  #frameWatermarkMs: number = NO_WATERMARK;

  constructor(ring: RingConsumer) {
    this.#ring = ring;
  }

  /** The columns of the polled frame lie in it; not to be read behind `release`. */
  get memory(): FrameMemory {
    return this.#ring;
  }

  /** Of the polled frame. */
  get schema(): FrameSchema | undefined {
    return this.#decoders[this.port]!.schemaOf(this.version);
  }

  /** Of the polled frame: the values of each column that has a dictionary. */
  get dictionaries(): readonly (readonly string[] | undefined)[] {
    return this.#decoders[this.port]!.dictionariesOf(this.version);
  }

  /** Decodes the next frame into `into[0..count)`. False when there is none now, or never again (`ended`). */
  read(into: unknown[]): boolean {
    if (!this.next()) return false;
    this.decode(into);
    this.release();
    return true;
  }

  /** Polls the next frame of records. False when there is none now, or never again (`ended`). */
  next(): boolean {
    const ring = this.#ring;
    for (;;) {
      const at = ring.poll();
      if (at < 0) return false;
      const kind = kindOf(ring.frameType);
      if (kind === DATA || kind === TIMED) {
        this.port = portOf(ring.frameType);
        this.count = ring.int32[(at + COUNT_BYTE) >> 2]!;
        this.at = at + COLUMNS_BYTE + (kind === TIMED ? this.count * TIME_BYTES : 0);
        this.timesAt = kind === TIMED ? (at + COLUMNS_BYTE) >> 3 : -1;
        this.#frameWatermarkMs = ring.float64[(at + WATERMARK_BYTE) >> 3]!;
        this.version = ring.int32[(at + VERSION_BYTE) >> 2]!;
        this.bytes = ring.frameBytes;
        this.occupancy = ring.occupancy;
        this.intakeNs = ring.float64[(at + INTAKE_BYTE) >> 3]!;
        this.committedNs = ring.float64[(at + COMMITTED_BYTE) >> 3]!;
        return true;
      }
      if (kind === SCHEMA) this.#learn(portOf(ring.frameType), at);
      else if (kind === WATERMARK) this.watermarkMs = ring.float64[at >> 3]!;
      else if (kind === END) this.ended = true;
      else
        throw new MillraceError('ERR_CORRUPT_FRAME', `a lane holds a frame of no known kind: type=${ring.frameType}`);
      ring.release();
    }
  }

  /** True when nothing lies behind the polled frame at this moment. */
  isEmpty(): boolean {
    return this.#ring.isEmpty();
  }

  /** The polled frame's records into `into[0..count)`. */
  decode(into: unknown[]): void {
    this.#decoders[this.port]!.decode(this.version, this.#ring, this.at, this.count, into);
  }

  /** The event times of the polled frame's records into `into[0..count)`. Not for a frame without. */
  readTimes(into: number[]): void {
    const { float64 } = this.#ring;
    for (let k = 0; k < this.count; k++) into[k] = float64[this.timesAt + k]!;
  }

  /** Gives the polled frame back to its sender. */
  release(): void {
    this.#ring.release();
    this.watermarkMs = this.#frameWatermarkMs;
  }

  #learn(port: number, at: number): void {
    const { int32, bytes } = this.#ring;
    const length = int32[(at + SCHEMA_LENGTH_BYTE) >> 2]!;
    // A copy: the decoder keeps what it learns, the ring's bytes are given back.
    const schema = Uint8Array.prototype.slice.call(bytes, at + SCHEMA_BYTE, at + SCHEMA_BYTE + length);
    this.#decoders[port]!.learn(int32[(at + SCHEMA_VERSION_BYTE) >> 2]!, new Uint8Array(schema));
  }
}
