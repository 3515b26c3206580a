// What waits for one receiver of an exchange, through one port of its lane, and how it leaves. On the thread of the sending actor.
//
//   rows (in columns), then records -- a frame's worth, or nothing more to read --> lane
//
// Rows are sent as they are; records are encoded as a batch. Rows become records again, at the head of those that wait, when they are
// more than a lane takes at once, hold what cannot be cloned, or may have to be of another schema. So the order is always the same.

import { MillraceError } from '../errors/millrace-error.ts';
import type { ColumnStages, FrameEncoder } from '../frame/index.ts';
import { RecordFault } from '../frame/index.ts';
import type { LaneWriter, SendResult } from '../lane/lane-writer.ts';

export interface ExchangeCounters {
  recordsOut(count: number): void;
  bytesOut(bytes: number): void;
}

export interface StageSettings {
  /** Records have event times, and the times travel with them. */
  readonly timed: boolean;
  readonly counters: ExchangeCounters;
  readonly nowNs: () => number;
  /** A record that cannot be sent: throws, gives it up by policy, or says what to send instead of it. */
  readonly refused: (error: unknown, record: unknown) => { readonly instead: unknown } | undefined;
}

/** The watermark to send with a frame of the oldest `leaving` of a stage, behind which `remaining` are still staged. */
export type WatermarkBehind = (stage: ExchangeStage, leaving: number, remaining: number) => number;

export class ExchangeStage {
  readonly receiver: number;
  readonly port: number;
  readonly writer: LaneWriter;
  /** Where this receiver's rows are; undefined where there can be none now. */
  columns: ColumnStages | undefined;
  /** Of the oldest that is staged; of the present batch when nothing is. */
  intakeNs = 0;
  /** How many, the oldest, came before the marked watermark of their receiver. Each that leaves or is given up counts here at once. */
  beforeMark = 0;
  readonly #encoder: FrameEncoder;
  readonly #settings: StageSettings;
  readonly #watermarkBehind: WatermarkBehind;
  readonly #frameRecords: number;
  readonly #records: unknown[] = [];
  /** Event times beside the records; undefined where they have none. */
  readonly #times: number[] | undefined;
  #count = 0;
  /** Rows of a frame: halved when a frame is larger than its lane takes, doubled when it is far smaller. */
  #rowLimit: number;

  constructor(
    receiver: number,
    port: number,
    writer: LaneWriter,
    encoder: FrameEncoder,
    frameRecords: number,
    settings: StageSettings,
    watermarkBehind: WatermarkBehind,
  ) {
    this.receiver = receiver;
    this.port = port;
    this.writer = writer;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#watermarkBehind = watermarkBehind;
    this.#frameRecords = frameRecords;
    this.#rowLimit = frameRecords;
    this.#times = settings.timed ? [] : undefined;
  }

  /** Rows and records. */
  get staged(): number {
    return this.#rows + this.#count;
  }

  /** A frame's worth is staged. */
  get isFull(): boolean {
    return this.#count >= this.#frameRecords || this.#rows >= this.#rowLimit;
  }

  get #rows(): number {
    return this.columns === undefined ? 0 : this.columns.rows(this.receiver);
  }

  /** As a record, behind the rows if there are any. */
  add(record: unknown, timeMs: number): void {
    if (this.#times !== undefined) this.#times[this.#count] = timeMs;
    this.#records[this.#count++] = record;
    this.limitRows();
  }

  /** Rows may be stored only where nothing waits as a record: they would overtake it. */
  limitRows(): void {
    this.columns?.limit(this.receiver, this.#count > 0 ? 0 : this.#rowLimit);
  }

  /** The rows become records again, before those that wait behind them. */
  takeRows(): void {
    if (this.#rows === 0) return;
    const { records, times } = this.columns!.take(this.receiver);
    this.#records.length = this.#count;
    this.#records.unshift(...records);
    if (this.#times !== undefined) {
      this.#times.length = this.#count;
      this.#times.unshift(...times);
    }
    this.#count = this.#records.length;
    this.limitRows();
  }

  /** Sends all that is staged. False when some of it must wait for room. */
  send(): boolean {
    if (this.#rows > 0 && !this.#sendRows(this.#rows)) return false;
    if (this.#count > 0) this.#sendRecords();
    this.limitRows();
    return this.#count === 0;
  }

  /** False when they must wait. Else they have left, or have become records. */
  #sendRows(rows: number): boolean {
    const { counters, nowNs } = this.#settings;
    const { writer } = this;
    const bytesBefore = writer.bytesSent;
    const watermarkMs = this.#watermarkBehind(this, rows, this.#count);
    let result: SendResult;
    try {
      result = writer.sendRows(
        this.port,
        this.#encoder,
        this.columns!,
        this.receiver,
        this.intakeNs,
        nowNs(),
        watermarkMs,
      );
    } catch {
      // A value that cannot be cloned, mostly. Whose it is, shows when they are records again: then it is thrown once more.
      this.takeRows();
      return true;
    }
    if (result === 'full') return false;
    if (result === 'split') {
      this.#rowLimit = Math.max(1, rows >> 1);
      this.takeRows();
      return true;
    }
    this.#pass(rows);
    const bytes = writer.bytesSent - bytesBefore;
    counters.recordsOut(rows);
    counters.bytesOut(bytes);
    if (bytes * 4 <= writer.maxFrameBytes) this.#rowLimit = Math.min(this.#frameRecords, this.#rowLimit * 2);
    return true;
  }

  /** So many, the oldest, have left. */
  #pass(count: number): void {
    this.beforeMark = Math.max(0, this.beforeMark - count);
  }

  #sendRecords(): void {
    let from = 0;
    let to = this.#count;
    while (from < this.#count) {
      const result = this.#sendFrame(from, to, this.#watermarkBehind(this, to - from, this.#count - to));
      if (result === 'refused') {
        this.#records.copyWithin(from, from + 1, this.#count);
        this.#times?.copyWithin(from, from + 1, this.#count);
        this.#count--;
        to = Math.min(to, this.#count);
        if (from < to) continue;
        to = this.#count;
      } else if (result === 'replaced') {
        to = this.#count;
      } else if (result === 'split') {
        to = from + ((to - from) >> 1);
      } else if (result === 'sent') {
        from = to;
        to = this.#count;
      } else {
        break;
      }
    }
    if (from > 0) {
      this.#records.copyWithin(0, from, this.#count);
      this.#times?.copyWithin(0, from, this.#count);
      this.#count -= from;
    }
  }

  /** The frame, or after a refusal by the encoder with the refused record brought to position `from`. */
  #sendFrame(from: number, to: number, watermarkMs: number): SendResult | 'refused' | 'replaced' {
    const { counters, nowNs, refused } = this.#settings;
    const { writer, port, intakeNs } = this;
    const records = this.#records;
    const bytesBefore = writer.bytesSent;
    try {
      const result = writer.send(port, this.#encoder, records, from, to, intakeNs, nowNs(), this.#times, watermarkMs);
      if (result === 'sent') {
        this.#pass(to - from);
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
      if (index - from < this.beforeMark) this.beforeMark--;
      records.copyWithin(from + 1, from, index);
      records[from] = undefined;
      this.#times?.copyWithin(from + 1, from, index);
      return 'refused';
    }
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'ERR_RECORD_TOO_LARGE';
}
