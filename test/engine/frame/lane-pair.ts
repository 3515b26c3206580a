// An encoder and a decoder with memory between them, as a lane has them: the announcement of a schema before the first
// frame that needs it. The frame lies among guard bytes, which must stay as they were.
import {
  FrameDecoder,
  FrameEncoder,
  type FrameEncoderOptions,
  type FrameMemory,
  frameMemory,
} from '../../../engine/frame/index.ts';

const GUARD_BYTES = 64;
const GUARD = 0x58;

export class LanePair {
  readonly encoder: FrameEncoder;
  readonly decoder: FrameDecoder;
  memory: FrameMemory = frameMemory(new SharedArrayBuffer(1 << 16));
  announced = 0;
  announcements = 0;

  constructor(options: FrameEncoderOptions = {}) {
    this.encoder = new FrameEncoder(options);
    this.decoder = new FrameDecoder(options);
  }

  /** What comes out at the other end for records[from .. to). */
  send(records: readonly unknown[], from = 0, to: number = records.length): unknown[] {
    this.put(records, from, to);
    const into: unknown[] = ['before'];
    this.decoder.decode(this.announced, this.memory, GUARD_BYTES, to - from, into, 1);
    if (into[0] !== 'before') throw new Error('decode wrote before its offset');
    return into.slice(1);
  }

  /** Encodes only; returns a copy of the frame. */
  put(records: readonly unknown[], from = 0, to: number = records.length): Buffer {
    const need = this.encoder.measure(records, from, to);
    if (need % 8 !== 0) throw new Error(`measure must give a multiple of 8: ${need}`);
    if (this.encoder.schemaVersion !== this.announced) {
      this.announced = this.encoder.schemaVersion;
      this.announcements++;
      this.decoder.learn(this.announced, this.encoder.encodeSchema());
    }
    if (need + 2 * GUARD_BYTES > this.memory.bytes.length) {
      this.memory = frameMemory(new SharedArrayBuffer((need + 2 * GUARD_BYTES) * 2));
    }
    const { bytes } = this.memory;
    bytes.fill(GUARD);
    const written = this.encoder.write(this.memory, GUARD_BYTES);
    if (written > need) throw new Error(`wrote ${written} bytes of ${need}`);
    for (let at = 0; at < bytes.length; at++) {
      if (at === GUARD_BYTES) at = GUARD_BYTES + need;
      if (bytes[at] !== GUARD) throw new Error(`wrote outside the frame, at byte ${at}`);
    }
    return Buffer.from(bytes.subarray(GUARD_BYTES, GUARD_BYTES + written));
  }

  static readonly frameAt = GUARD_BYTES;
}
