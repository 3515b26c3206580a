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
  /** How many of them, the oldest, came before the marked watermark of their receiver. */
  beforeMark = 0;

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
  /**
   * By receiver, a watermark that leaves as soon as what was staged before it has. Under backpressure a stage may never be empty: without
   * a mark the latest watermark would wait for good, and windows with it. The next is marked when this one has left.
   */
  readonly #marksMs: (number | undefined)[] = [];

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
    if (!this.#settings.timed || Number.isNaN(watermarkMs)) return;
    for (let receiver = 0; receiver < this.receivers; receiver++) {
      if (this.#marksMs[receiver] !== undefined || !this.#isStaged(receiver)) continue;
      this.#marksMs[receiver] = watermarkMs;
      const records = this.#records[receiver]!;
      const partials = this.#partials?.[receiver];
      records.beforeMark = records.count;
      if (partials !== undefined) partials.beforeMark = partials.count;
    }
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
    const staged = stage.count;
    this.#sendAll(stage);
    this.#passMark(stage, staged - stage.count);
    return stage.count === 0;
  }

  /** So many of a stage have left, sent or given up. */
  #passMark(stage: Stage, left: number): void {
    if (stage.beforeMark > 0) stage.beforeMark = Math.max(0, stage.beforeMark - left);
    if (stage.beforeMark === 0 && (this.#other(stage)?.beforeMark ?? 0) === 0)
      this.#marksMs[stage.receiver] = undefined;
  }

  /** What is staged for the same receiver through the other port. */
  #other({ receiver, port }: Stage): Stage | undefined {
    return port === RECORDS_PORT ? this.#partials?.[receiver] : this.#records[receiver];
  }

  #sendAll(stage: Stage): void {
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
  }

  /** What can be promised once so many of this stage have left: the latest when nothing else is staged for the lane, or the marked one. */
  #watermarkBehind(stage: Stage, left: number): number {
    if (!this.#settings.timed) return NO_WATERMARK;
    const other = this.#other(stage);
    if (left === stage.count && (other === undefined || other.count === 0)) return this.#watermarkMs;
    const markMs = this.#marksMs[stage.receiver];
    const isBehindMark = left >= stage.beforeMark && (other === undefined || other.beforeMark === 0);
    return markMs !== undefined && isBehindMark ? markMs : stage.writer.watermarkMs;
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
