// What an encoder for one schema consists of, compiled or interpreted. Any thread.
import type { FrameStage } from './frame-stage.ts';

/** What may stand in a column beside values of its kind. */
export interface ColumnRule {
  readonly nulls: boolean;
  readonly undefineds: boolean;
  /**
   * Inferred columns turn away what they would alter: int32 a -0, bytes a Buffer. Declared ones store 0 and a
   * Uint8Array.
   */
  readonly exact: boolean;
  /** A declared structured column: whether it takes this value, which is neither null nor undefined. */
  readonly accepts?: (value: unknown) => boolean;
}

export const INFERRED_RULE: ColumnRule = { nulls: true, undefineds: true, exact: true };

/**
 * Stages records[from + start .. from + count) as rows start .. count, and returns the first row that it did not stage;
 * `stage.stop` then says why, and nothing of that row is left in the stage. When a getter throws, `stage.row` is the
 * row.
 */
export type RowEncoder = (
  stage: FrameStage,
  records: readonly unknown[],
  from: number,
  start: number,
  count: number,
) => number;

export interface EncoderProgram {
  /** Takes records that have exactly the columns, in order; stops at the first other one. */
  readonly uniform: RowEncoder;
  /** Takes any record whose fields are columns. */
  readonly general: RowEncoder;
}
