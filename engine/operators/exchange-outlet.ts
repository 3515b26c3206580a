// The sending side of an exchange: records are staged for each receiver and sent as one frame each. On the thread of the sending actor.
//
//   record -> route -> staged[receiver] -- full, or nothing more to read --> encode -> lane
//
// A frame that does not fit now stays staged, the outlet is full, and its actor stops: that is all of backpressure.

import { MillraceError } from '../errors/millrace-error.ts';
import type { RecordSchema } from '../frame/index.ts';
import { FrameEncoder, RecordFault } from '../frame/index.ts';
import { PORTS, RECORDS_PORT } from '../lane/lane-frame-layout.ts';
import type { LaneWriter } from '../lane/lane-writer.ts';
import { LIMITS } from '../limits.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { Outlet } from './outlet.ts';

/** Records on their way to one receiver through one port. */
class Stage {
  readonly receiver: number;
  readonly writer: LaneWriter;
  readonly port: number;
  readonly records: unknown[];
  /** Event times beside the records; undefined where they have none. */
  readonly times: number[] | undefined;
  count = 0;
  intakeNs = 0;

  constructor(receiver: number, writer: LaneWriter, port: number, capacity: number, timed: boolean) {
    this.receiver = receiver;
    this.writer = writer;
    this.port = port;
    this.records = new Array(capacity).fill(undefined);
    this.times = timed ? [] : undefined;
  }
}

export interface ExchangeCounters {
  recordsOut(count: number): void;
  bytesOut(bytes: number): void;
}

export interface ExchangeSettings {
  readonly writers: readonly LaneWriter[];
  readonly schema: RecordSchema<unknown> | undefined;
  readonly broadcast: boolean;
  /** Records have event times, and the times travel with them. */
  readonly timed: boolean;
  readonly counters: ExchangeCounters;
  readonly nowNs: () => number;
  /** A record that cannot be sent: throws, gives it up by policy, or says what to send instead of it. */
  readonly refused: (error: unknown, record: unknown) => { readonly instead: unknown } | undefined;
}

export class ExchangeOutlet implements Outlet {
  full = false;
  readonly holdup = 'lane';
  readonly receivers: number;
  readonly #stages: Stage[];
  readonly #records: Stage[];
  readonly #encoders: FrameEncoder[];
  readonly #settings: ExchangeSettings;
  readonly #frameRecords: number;
  #next = 0;
  #endsSent = 0;
  #intakeNs = 0;
  #watermarkMs: number = NO_WATERMARK;

  constructor(settings: ExchangeSettings) {
    const { writers } = settings;
    this.#settings = settings;
    this.receivers = writers.length;
    // Many receivers share the staging memory of sixteen: a record waits for its frame to fill, and 64 x 512 records would wait long.
    this.#frameRecords = Math.max(
      32,
      Math.min(LIMITS.frameRecords, Math.floor((LIMITS.frameRecords * 16) / writers.length)),
    );
    this.#encoders = Array.from(
      { length: PORTS },
      (_, port) =>
        new FrameEncoder(port === RECORDS_PORT && settings.schema !== undefined ? { schema: settings.schema } : {}),
    );
    this.#records = writers.map((writer, i) => new Stage(i, writer, RECORDS_PORT, this.#frameRecords, settings.timed));
    this.#stages = [...this.#records];
  }

  /** Stages for partial results, made only for the edges that carry them. */
  #partials: Stage[] | undefined;

  /** To the next receiver in turn, or to all of them. */
  push(record: unknown, timeMs = 0): void {
    if (this.#settings.broadcast) {
      for (let receiver = 0; receiver < this.receivers; receiver++) this.pushTo(receiver, record, timeMs);
      return;
    }
    const receiver = this.#next;
    this.#next = receiver + 1 === this.receivers ? 0 : receiver + 1;
    this.pushTo(receiver, record, timeMs);
  }

  pushTo(receiver: number, record: unknown, timeMs = 0): void {
    const stage = this.#records[receiver]!;
    if (stage.count === 0) stage.intakeNs = this.#intakeNs;
    if (stage.times !== undefined) stage.times[stage.count] = timeMs;
    stage.records[stage.count++] = record;
    if (stage.count >= this.#frameRecords && !this.#send(stage)) this.full = true;
  }

  pushPartial(receiver: number, partial: unknown, port: number, timeMs = 0): void {
    if (this.#partials === undefined) {
      const { writers, timed } = this.#settings;
      this.#partials = writers.map((writer, i) => new Stage(i, writer, port, this.#frameRecords, timed));
      this.#stages.push(...this.#partials);
    }
    const stage = this.#partials[receiver]!;
    if (stage.count === 0) stage.intakeNs = this.#intakeNs;
    if (stage.times !== undefined) stage.times[stage.count] = timeMs;
    stage.records[stage.count++] = partial;
    if (stage.count >= this.#frameRecords && !this.#send(stage)) this.full = true;
  }

  intake(intakeNs: number): void {
    this.#intakeNs = intakeNs;
  }

  drain(): boolean {
    // A lane that is full stays full until its receiver has read, but the others need not wait for it: try them all.
    let full = false;
    for (const stage of this.#stages) if (stage.count >= this.#frameRecords && !this.#send(stage)) full = true;
    this.full = full;
    return !full;
  }

  /**
   * The watermark leaves with the next frame of each lane, or alone when there is nothing more to read: that is all of coalescing. A
   * receiver learns of it a frame late at most, and never before the records that came before it.
   */
  advance(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs;
  }

  flush(): boolean {
    let sent = false;
    for (const stage of this.#stages) {
      if (stage.count === 0) continue;
      const before = stage.count;
      if (!this.#send(stage)) this.full = true;
      if (stage.count !== before) sent = true;
    }
    if (this.#settings.timed && this.#flushWatermarks()) sent = true;
    return sent;
  }

  /** Without room it is tried again at the next flush: a full lane has enough to wake its receiver with. */
  #flushWatermarks(): boolean {
    const { writers } = this.#settings;
    let sent = false;
    for (let receiver = 0; receiver < writers.length; receiver++) {
      const writer = writers[receiver]!;
      if (Object.is(writer.watermarkMs, this.#watermarkMs) || this.#isStaged(receiver)) continue;
      if (writer.sendWatermark(this.#watermarkMs)) sent = true;
    }
    return sent;
  }

  #isStaged(receiver: number): boolean {
    return this.#records[receiver]!.count > 0 || (this.#partials?.[receiver]?.count ?? 0) > 0;
  }

  /** To a receiver that still has frames to read, more of them would only be shorter: its records wait for one another instead. */
  trickle(): void {
    for (const stage of this.#stages) {
      if (stage.count > 0 && stage.writer.isEmpty() && !this.#send(stage)) this.full = true;
    }
  }

  /** Sends all that is staged, also in frames that are not full. False when some of it must wait for room. */
  sendStaged(): boolean {
    for (const stage of this.#stages) if (stage.count > 0 && !this.#send(stage)) this.full = true;
    return this.#stages.every((stage) => stage.count === 0);
  }

  end(): boolean {
    if (!this.sendStaged()) return false;
    const { writers } = this.#settings;
    while (this.#endsSent < writers.length) {
      if (!writers[this.#endsSent]!.end()) return false;
      this.#endsSent++;
    }
    return true;
  }

  /** Sends all that is staged for one receiver. False when some of it must wait for room. */
  #send(stage: Stage): boolean {
    let from = 0;
    let to = stage.count;
    while (from < stage.count) {
      const result = this.#sendFrame(stage, from, to);
      if (result === 'refused') {
        stage.records.copyWithin(from, from + 1, stage.count);
        stage.times?.copyWithin(from, from + 1, stage.count);
        stage.count--;
        to = Math.min(to, stage.count);
        if (from < to) continue;
        to = stage.count;
      } else if (result === 'replaced') {
        to = stage.count;
      } else if (result === 'split') {
        to = from + ((to - from) >> 1);
      } else if (result === 'sent') {
        from = to;
        to = stage.count;
      } else {
        break;
      }
    }
    if (from > 0) {
      stage.records.copyWithin(0, from, stage.count);
      stage.times?.copyWithin(0, from, stage.count);
      stage.count -= from;
    }
    return stage.count === 0;
  }

  /** What can be promised once records up to `to` of this stage are sent: nothing new while others are still staged for the lane. */
  #watermarkBehind(stage: Stage, to: number): number {
    if (!this.#settings.timed) return NO_WATERMARK;
    const partials = this.#partials?.[stage.receiver];
    const other = stage === partials ? this.#records[stage.receiver] : partials;
    const isLast = to === stage.count && (other === undefined || other.count === 0);
    return isLast ? this.#watermarkMs : stage.writer.watermarkMs;
  }

  /** The frame, or after a refusal by the encoder with the refused record brought to position `from`. */
  #sendFrame(stage: Stage, from: number, to: number): 'sent' | 'full' | 'split' | 'refused' | 'replaced' {
    const { counters, nowNs, refused } = this.#settings;
    const { writer, records } = stage;
    const bytesBefore = writer.bytesSent;
    try {
      const result = writer.send(
        stage.port,
        this.#encoders[stage.port]!,
        records,
        from,
        to,
        stage.intakeNs,
        nowNs(),
        stage.times,
        this.#watermarkBehind(stage, to),
      );
      if (result === 'sent') {
        counters.recordsOut(to - from);
        counters.bytesOut(writer.bytesSent - bytesBefore);
      }
      return result;
    } catch (error) {
      const index = error instanceof RecordFault ? error.recordIndex : isTooLarge(error) ? from : -1;
      if (index < 0) throw error;
      const replacement = refused(error, records[index]);
      if (replacement !== undefined) {
        records[index] = replacement.instead;
        return 'replaced';
      }
      // By policy the record is given up. The ones before it keep their order.
      records.copyWithin(from + 1, from, index);
      records[from] = undefined;
      stage.times?.copyWithin(from + 1, from, index);
      return 'refused';
    }
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'ERR_RECORD_TOO_LARGE';
}
