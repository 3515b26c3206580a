// The sending end of a lane: frames of records, schemas and the end, into one ring. On the thread of the sending actor.

import { MillraceError } from '../errors/millrace-error.ts';
import type { ColumnStages, FrameEncoder } from '../frame/index.ts';
import { RING_FULL, type RingProducer } from '../queue/index.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import {
  COLUMNS_BYTE,
  COMMITTED_BYTE,
  COUNT_BYTE,
  DATA,
  END,
  frameType,
  INTAKE_BYTE,
  PORTS,
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

/** What came of sending: `full` is no error, it is backpressure. A batch too large for one frame is `split`: send half of it. */
export type SendResult = 'sent' | 'full' | 'split';

const UNANNOUNCED = -1;

export class LaneWriter {
  readonly #ring: RingProducer;
  readonly #announced: number[] = new Array<number>(PORTS).fill(UNANNOUNCED);
  /** What the frame needs that did not fit last time: as long as that much is not free, encoding again would be in vain. */
  #waitingForBytes = 0;
  #bytesSent = 0;
  /** The last one that was sent, with records or alone. */
  #watermarkMs: number = NO_WATERMARK;

  constructor(ring: RingProducer) {
    this.#ring = ring;
  }

  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /**
   * Sends records[from..to) as one frame, or nothing. Errors of the encoder pass through; the lane stays as it was.
   *
   * @param times the event time of each record, at the same index; undefined where records have none
   * @param watermarkMs what the sender promises of the records behind this frame
   */
  send(
    port: number,
    encoder: FrameEncoder,
    records: readonly unknown[],
    from: number,
    to: number,
    intakeNs: number,
    nowNs: number,
    times?: readonly number[],
    watermarkMs: number = this.#watermarkMs,
  ): SendResult {
    if (!this.#mayHaveRoom()) return 'full';
    const columnsByte = COLUMNS_BYTE + (times === undefined ? 0 : (to - from) * TIME_BYTES);
    const bytes = columnsByte + encoder.measure(records, from, to);
    if (bytes > this.#ring.maxFrameBytes) {
      if (to - from > 1) return 'split';
      throw tooLarge(bytes, this.#ring.maxFrameBytes);
    }
    const at = this.#claim(port, encoder, bytes);
    if (at < 0) return 'full';
    if (times !== undefined) writeTimes(this.#ring.float64, (at + COLUMNS_BYTE) >> 3, times, from, to);
    encoder.write(this.#ring, at + columnsByte);
    const type = frameType(times === undefined ? DATA : TIMED, port);
    this.#commit(type, at, bytes, encoder.schemaVersion, to - from, intakeNs, nowNs, watermarkMs);
    return 'sent';
  }

  /**
   * Sends the rows staged for a receiver as one frame, or nothing. `split`: they do not fit one frame. What a value throws that cannot be
   * cloned passes through; the lane stays as it was.
   */
  sendRows(
    port: number,
    encoder: FrameEncoder,
    stages: ColumnStages,
    receiver: number,
    intakeNs: number,
    nowNs: number,
    watermarkMs: number = this.#watermarkMs,
  ): SendResult {
    if (!this.#mayHaveRoom()) return 'full';
    const rows = stages.rows(receiver);
    const { timed } = stages;
    const columnsByte = COLUMNS_BYTE + (timed ? rows * TIME_BYTES : 0);
    const bytes = columnsByte + stages.measure(receiver);
    if (bytes > this.#ring.maxFrameBytes) return 'split';
    const at = this.#claim(port, encoder, bytes);
    if (at < 0) return 'full';
    if (timed) stages.writeTimes(receiver, this.#ring.float64, (at + COLUMNS_BYTE) >> 3);
    stages.write(receiver, this.#ring, at + columnsByte);
    const type = frameType(timed ? TIMED : DATA, port);
    this.#commit(type, at, bytes, encoder.schemaVersion, rows, intakeNs, nowNs, watermarkMs);
    return 'sent';
  }

  get maxFrameBytes(): number {
    return this.#ring.maxFrameBytes;
  }

  #mayHaveRoom(): boolean {
    if (this.#waitingForBytes === 0) return true;
    if (!this.#hasRoom(this.#waitingForBytes)) return false;
    this.#waitingForBytes = 0;
    return true;
  }

  /** Where a frame of so many bytes can be written, its schema announced; below 0 when there is no room. */
  #claim(port: number, encoder: FrameEncoder, bytes: number): number {
    if (this.#announced[port] !== encoder.schemaVersion && !this.#announce(port, encoder)) return RING_FULL;
    const at = this.#ring.claim(bytes);
    if (at < 0) {
      // What was announced must be seen: the lane may hold nothing else, and then nobody would ever make room.
      this.#ring.publish();
      // A closed ring takes nothing either: its consumer has gone, and the job is being torn down.
      this.#waitingForBytes = bytes;
    }
    return at;
  }

  #commit(
    type: number,
    at: number,
    bytes: number,
    version: number,
    count: number,
    intakeNs: number,
    nowNs: number,
    watermarkMs: number,
  ): void {
    const ring = this.#ring;
    ring.float64[(at + INTAKE_BYTE) >> 3] = intakeNs;
    ring.float64[(at + COMMITTED_BYTE) >> 3] = nowNs;
    ring.int32[(at + COUNT_BYTE) >> 2] = count;
    ring.int32[(at + VERSION_BYTE) >> 2] = version;
    ring.float64[(at + WATERMARK_BYTE) >> 3] = watermarkMs;
    ring.commit(type, bytes);
    ring.publish();
    this.#watermarkMs = watermarkMs;
    this.#bytesSent += bytes;
  }

  /** Sends a watermark by itself. False when there is no room yet. */
  sendWatermark(watermarkMs: number): boolean {
    const ring = this.#ring;
    const at = ring.claim(TIME_BYTES);
    if (at < 0) return false;
    ring.float64[at >> 3] = watermarkMs;
    ring.commit(frameType(WATERMARK, 0));
    ring.publish();
    this.#watermarkMs = watermarkMs;
    return true;
  }

  /** True when the receiver is done with everything that was sent. */
  isEmpty(): boolean {
    return this.#ring.isEmpty();
  }

  /** Says that nothing follows in this lane. False when there is no room yet. */
  end(): boolean {
    if (this.#ring.claim(0) < 0) return false;
    this.#ring.commit(frameType(END, 0));
    this.#ring.publish();
    return true;
  }

  #announce(port: number, encoder: FrameEncoder): boolean {
    const schema = encoder.encodeSchema();
    const ring = this.#ring;
    const bytes = SCHEMA_BYTE + schema.byteLength;
    if (bytes > ring.maxFrameBytes) throw tooLarge(bytes, ring.maxFrameBytes);
    const at = ring.claim(bytes);
    if (at < 0) {
      this.#waitingForBytes = bytes;
      return false;
    }
    ring.int32[(at + SCHEMA_VERSION_BYTE) >> 2] = encoder.schemaVersion;
    ring.int32[(at + SCHEMA_LENGTH_BYTE) >> 2] = schema.byteLength;
    ring.bytes.set(schema, at + SCHEMA_BYTE);
    ring.commit(frameType(SCHEMA, port));
    this.#announced[port] = encoder.schemaVersion;
    return true;
  }

  #hasRoom(bytes: number): boolean {
    const at = this.#ring.claim(bytes);
    if (at === RING_FULL || at < 0) return false;
    this.#ring.abort();
    return true;
  }
}

function writeTimes(into: Float64Array, at: number, times: readonly number[], from: number, to: number): void {
  for (let i = from; i < to; i++) into[at + i - from] = times[i]!;
}

function tooLarge(bytes: number, limitBytes: number): MillraceError {
  return new MillraceError(
    'ERR_RECORD_TOO_LARGE',
    `one record needs a frame of ${bytes} bytes, but its lane takes ${limitBytes} at most (half of laneBytes): ` +
      'raise the option laneBytes, or make the record smaller before it crosses to another worker',
  );
}
