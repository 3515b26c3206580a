// The receiving end of a lane. On the thread of the receiving actor.
//
// Records are copies: a frame is given back to its sender as soon as it is decoded.

import { MillraceError } from '../errors/millrace-error.ts';
import { FrameDecoder } from '../frame/index.ts';
import type { RingConsumer } from '../queue/index.ts';
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
  VERSION_BYTE,
} from './lane-frame-layout.ts';

export class LaneReader {
  readonly #ring: RingConsumer;
  readonly #decoders: FrameDecoder[] = Array.from({ length: PORTS }, () => new FrameDecoder());
  /** Of the frame read last. */
  port = 0;
  count = 0;
  bytes = 0;
  intakeNs = 0;
  committedNs = 0;
  /** How full the lane was when the frame was polled, 0 to 1. */
  occupancy = 0;
  /** The sender has said that nothing follows. */
  ended = false;

  constructor(ring: RingConsumer) {
    this.#ring = ring;
  }

  /** Decodes the next frame into `into[0..count)`. False when there is none now, or never again (`ended`). */
  read(into: unknown[]): boolean {
    const ring = this.#ring;
    for (;;) {
      const at = ring.poll();
      if (at < 0) return false;
      const kind = kindOf(ring.frameType);
      const port = portOf(ring.frameType);
      if (kind === DATA) {
        this.port = port;
        this.count = ring.int32[(at + COUNT_BYTE) >> 2]!;
        this.bytes = ring.frameBytes;
        this.occupancy = ring.occupancy;
        this.intakeNs = ring.float64[(at + INTAKE_BYTE) >> 3]!;
        this.committedNs = ring.float64[(at + COMMITTED_BYTE) >> 3]!;
        const version = ring.int32[(at + VERSION_BYTE) >> 2]!;
        this.#decoders[port]!.decode(version, ring, at + COLUMNS_BYTE, this.count, into);
        ring.release();
        return true;
      }
      if (kind === SCHEMA) {
        const length = ring.int32[(at + SCHEMA_LENGTH_BYTE) >> 2]!;
        // A copy: the decoder keeps what it learns, the ring's bytes are given back.
        const schema = Uint8Array.prototype.slice.call(ring.bytes, at + SCHEMA_BYTE, at + SCHEMA_BYTE + length);
        this.#decoders[port]!.learn(ring.int32[(at + SCHEMA_VERSION_BYTE) >> 2]!, new Uint8Array(schema));
      } else if (kind === END) {
        this.ended = true;
      } else {
        throw new MillraceError('ERR_CORRUPT_FRAME', `a lane holds a frame of no known kind: type=${ring.frameType}`);
      }
      ring.release();
    }
  }
}
