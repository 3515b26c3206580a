// The sending side of an exchange: records are staged for each receiver and sent as one frame each. On the thread of the sending actor.
//
//   record -> route -> stage[receiver] -- full, or nothing more to read --> lane
//
// Records become rows of columns as they are pushed, once the schema of the edge has shown that it stays; before that, and where they do
// not fit, they wait as records and are encoded as a batch (exchange-stage.ts).
// A frame that does not fit now stays staged, the outlet is full, and its actor stops: that is all of backpressure.

import type { ColumnStages, ColumnStagesUser, RecordSchema } from '../frame/index.ts';
import { FrameEncoder, type FrameEncoderOptions, unreadable } from '../frame/index.ts';
import { PORTS, RECORDS_PORT } from '../lane/lane-frame-layout.ts';
import type { LaneWriter } from '../lane/lane-writer.ts';
import { LIMITS } from '../limits.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { ExchangeStage, type StageSettings } from './exchange-stage.ts';
import type { Outlet } from './outlet.ts';

/** Schemas for which rows are staged in the life of an outlet: records that change for ever stay records. */
const MOST_COLUMN_STAGES = 16;

/** Values of strings that travel as codes, at most; and a quarter of a frame, for they are announced in one. */
const MOST_DICTIONARY_BYTES = 32_768;

export interface ExchangeSettings extends StageSettings {
  readonly writers: readonly LaneWriter[];
  readonly schema: RecordSchema<unknown> | undefined;
  readonly broadcast: boolean;
}

export class ExchangeOutlet implements Outlet, ColumnStagesUser {
  full = false;
  readonly holdup = 'lane';
  readonly receivers: number;
  readonly #stages: ExchangeStage[];
  readonly #records: ExchangeStage[];
  /** Stages for partial results, made only for the edges that carry them. */
  #partials: ExchangeStage[] | undefined;
  readonly #encoders: FrameEncoder[];
  readonly #settings: ExchangeSettings;
  readonly #frameRecords: number;
  #columns: ColumnStages | undefined;
  #columnsMade = 0;
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
    const smallestFrame = Math.min(...writers.map((writer) => writer.maxFrameBytes));
    const dictionaryBytes = Math.min(MOST_DICTIONARY_BYTES, smallestFrame >> 2);
    const options: FrameEncoderOptions = { dictionaryBytes, coding: { nowNs: settings.nowNs } };
    this.#encoders = Array.from({ length: PORTS }, (_, port) => {
      const { schema } = settings;
      return new FrameEncoder(port === RECORDS_PORT && schema !== undefined ? { ...options, schema } : options);
    });
    this.#records = this.#stagesFor(RECORDS_PORT);
    this.#stages = [...this.#records];
  }

  /**
   * Where records become rows now; undefined while they do not. A compiled chain stores them there in its own loop, and is compiled anew
   * when this changes.
   */
  get columns(): ColumnStages | undefined {
    return this.#columns;
  }

  get broadcast(): boolean {
    return this.#settings.broadcast;
  }

  /** To the next receiver in turn, or to all of them. */
  push(record: unknown, timeMs = 0): void {
    if (this.#settings.broadcast) {
      for (let receiver = 0; receiver < this.receivers; receiver++) this.pushTo(receiver, record, timeMs);
    } else this.pushTo(this.turn(), record, timeMs);
  }

  /** The next receiver in turn. */
  turn(): number {
    const receiver = this.#next;
    this.#next = receiver + 1 === this.receivers ? 0 : receiver + 1;
    return receiver;
  }

  pushTo(receiver: number, record: unknown, timeMs = 0): void {
    const stage = this.#records[receiver]!;
    if (this.#columns === undefined) stage.add(record, timeMs);
    else this.#columns.append(receiver, record, timeMs);
    if (stage.isFull && !this.#send(stage)) this.full = true;
  }

  /** What is staged of records must have been sent: partial results leave before the records of their receiver, a key's order is that. */
  pushPartial(receiver: number, partial: unknown, port: number, timeMs = 0): void {
    if (this.#partials === undefined) {
      this.#partials = this.#stagesFor(port);
      this.#stages.unshift(...this.#partials);
    }
    const stage = this.#partials[receiver]!;
    stage.add(partial, timeMs);
    if (stage.isFull && !this.#send(stage)) this.full = true;
  }

  #stagesFor(port: number): ExchangeStage[] {
    const watermarkBehind = this.#watermarkBehind.bind(this);
    return this.#settings.writers.map((writer, receiver) => {
      const encoder = this.#encoders[port]!;
      const stage = new ExchangeStage(
        receiver,
        port,
        writer,
        encoder,
        this.#frameRecords,
        this.#settings,
        watermarkBehind,
      );
      stage.intakeNs = this.#intakeNs;
      return stage;
    });
  }

  beyond(receiver: number, record: unknown, timeMs: number): void {
    this.#records[receiver]!.add(record, timeMs);
  }

  surprised(receiver: number, record: unknown, timeMs: number): void {
    const stage = this.#records[receiver]!;
    stage.takeRows();
    stage.add(record, timeMs);
  }

  refused(receiver: number, error: unknown, record: unknown, timeMs: number): void {
    const replacement = this.#settings.refused(error, record);
    if (replacement !== undefined) this.pushTo(receiver, replacement.instead, timeMs);
  }

  /** A getter of the record threw, so it cannot be sent. */
  refuseUnreadable(error: unknown, record: unknown): void {
    const replacement = this.#settings.refused(unreadable(error, 0), record);
    if (replacement !== undefined) this.push(replacement.instead);
  }

  intake(intakeNs: number): void {
    this.#intakeNs = intakeNs;
    for (const stage of this.#stages) if (stage.staged === 0) stage.intakeNs = intakeNs;
  }

  drain(): boolean {
    // A lane that is full stays full until its receiver has read, but the others need not wait for it: try them all.
    let full = false;
    for (const stage of this.#stages) if (stage.isFull && !this.#send(stage)) full = true;
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
      records.beforeMark = records.staged;
      if (partials !== undefined) partials.beforeMark = partials.staged;
    }
  }

  flush(): boolean {
    let sent = false;
    for (const stage of this.#stages) {
      const before = stage.staged;
      if (before === 0) continue;
      if (!this.#send(stage)) this.full = true;
      if (stage.staged !== before) sent = true;
    }
    if (this.#settings.timed && this.#flushWatermarks(false)) sent = true;
    return sent;
  }

  /** Without room it is tried again at the next flush: a full lane has enough to wake its receiver with. */
  #flushWatermarks(onlyAwaited: boolean): boolean {
    const { writers } = this.#settings;
    let sent = false;
    for (let receiver = 0; receiver < writers.length; receiver++) {
      const writer = writers[receiver]!;
      if (Object.is(writer.watermarkMs, this.#watermarkMs) || this.#isStaged(receiver)) continue;
      if (onlyAwaited && !writer.isEmpty()) continue;
      if (!writer.sendWatermark(this.#watermarkMs)) continue;
      // A mark whose records were all given up has waited for a frame.
      this.#marksMs[receiver] = undefined;
      sent = true;
    }
    return sent;
  }

  #isStaged(receiver: number): boolean {
    return this.#records[receiver]!.staged > 0 || (this.#partials?.[receiver]?.staged ?? 0) > 0;
  }

  /** To a receiver that still has frames to read, more of them would only be shorter: its records wait for one another instead. */
  trickle(): void {
    this.trickleStaged();
    if (this.#settings.timed) this.#flushWatermarks(true);
  }

  /** No watermark by itself. */
  trickleStaged(): void {
    for (const stage of this.#stages) {
      if (stage.staged > 0 && stage.writer.isEmpty() && !this.#send(stage)) this.full = true;
    }
  }

  /** A receiver has read all that it was sent. */
  get isAwaited(): boolean {
    return this.#settings.writers.some((writer) => writer.isEmpty());
  }

  /** Sends all that is staged, also in frames that are not full. False when some of it must wait for room. */
  sendStaged(): boolean {
    for (const stage of this.#stages) if (stage.staged > 0 && !this.#send(stage)) this.full = true;
    return this.#stages.every((stage) => stage.staged === 0);
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
  #send(stage: ExchangeStage): boolean {
    if (stage.port === RECORDS_PORT && this.#partials !== undefined) {
      const partials = this.#partials[stage.receiver]!;
      if (partials.staged > 0 && !this.#send(partials)) return false;
    }
    const sentAll = stage.send();
    this.#passMark(stage);
    // What is pushed next is of the present batch.
    if (sentAll) stage.intakeNs = this.#intakeNs;
    if (stage.port === RECORDS_PORT) this.#reviseColumns();
    return sentAll;
  }

  /** A mark is done with when its watermark has left: if the last record before it was given up, it leaves with the next frame. */
  #passMark(stage: ExchangeStage): void {
    const markMs = this.#marksMs[stage.receiver];
    if (markMs === undefined || stage.beforeMark > 0 || (this.#other(stage)?.beforeMark ?? 0) > 0) return;
    if (!(stage.writer.watermarkMs < markMs)) this.#marksMs[stage.receiver] = undefined;
  }

  /** What is staged for the same receiver through the other port. */
  #other({ receiver, port }: ExchangeStage): ExchangeStage | undefined {
    return port === RECORDS_PORT ? this.#partials?.[receiver] : this.#records[receiver];
  }

  /** What can be promised behind a frame of so many of this stage: the latest when nothing else is staged for the lane, or the marked one. */
  #watermarkBehind(stage: ExchangeStage, leaving: number, remaining: number): number {
    if (!this.#settings.timed) return NO_WATERMARK;
    const other = this.#other(stage);
    if (remaining === 0 && (other === undefined || other.staged === 0)) return this.#watermarkMs;
    const markMs = this.#marksMs[stage.receiver];
    const isBehindMark = leaving >= stage.beforeMark && (other === undefined || other.beforeMark === 0);
    return markMs !== undefined && isBehindMark ? markMs : stage.writer.watermarkMs;
  }

  /** When records have been encoded, the schema may have changed, or may have shown that it stays. */
  #reviseColumns(): void {
    const encoder = this.#encoders[RECORDS_PORT]!;
    encoder.settle();
    if (this.#columns?.version === encoder.schemaVersion) return;
    if (this.#columns !== undefined) {
      for (const stage of this.#records) stage.takeRows();
      this.#useColumns(undefined);
    }
    if (this.#columnsMade >= MOST_COLUMN_STAGES) return;
    const columns = encoder.columnStages(this.receivers, this.#frameRecords, this.#settings.timed, this);
    if (columns === undefined) return;
    this.#columnsMade++;
    this.#useColumns(columns);
  }

  #useColumns(columns: ColumnStages | undefined): void {
    // A loop in the middle of its batch still stores in the columns that go: they take nothing any more, so it comes to pushTo().
    for (const stage of this.#records) stage.columns?.limit(stage.receiver, 0);
    this.#columns = columns;
    for (const stage of this.#records) {
      stage.columns = columns;
      stage.limitRows();
    }
  }
}
