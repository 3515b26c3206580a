// A running sum of doubles that keeps what rounding would lose. Any thread.
//
// Neumaier's variant of Kahan summation (A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
// ZAMM 54, 1974): the error of each addition is itself summed, and added once at the end. With u = 2^-53 the error of the result is
// at most about u·|sum| + n²·u²·Σ|x|, so up to hundreds of millions of values of one sign the result is the rounded true
// sum or its neighbour, whatever the order and however many workers shared the work. Sums of integers below 2^53 are exact.
// A sum that cancels to almost nothing may still differ, relative to its small self, from one partitioning to another.
//
// Values that are not finite are counted beside the sum: so they poison it in every order alike, and can be taken back.

export interface CompensatedSum {
  /** The plain sum of the finite values. */
  sum: number;
  /** What rounding took from it. */
  compensation: number;
  nonFinite: NonFiniteCounts | undefined;
}

export interface NonFiniteCounts {
  nan: number;
  plusInfinity: number;
  minusInfinity: number;
}

export function addCompensated(accumulator: CompensatedSum, value: number): void {
  const sum = accumulator.sum;
  const next = sum + value;
  // False for NaN and both infinities: one subtraction instead of a call.
  if (next - next !== 0) {
    addUnusual(accumulator, value, 1);
    return;
  }
  accumulator.compensation += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  accumulator.sum = next;
}

export function retractCompensated(accumulator: CompensatedSum, value: number): void {
  if (Number.isFinite(value)) addCompensated(accumulator, -value);
  else addUnusual(accumulator, value, -1);
}

export function combineCompensated(accumulator: CompensatedSum, other: CompensatedSum): void {
  addCompensated(accumulator, other.sum);
  accumulator.compensation += other.compensation;
  if (other.nonFinite === undefined) return;
  const counts = nonFiniteOf(accumulator);
  counts.nan += other.nonFinite.nan;
  counts.plusInfinity += other.nonFinite.plusInfinity;
  counts.minusInfinity += other.nonFinite.minusInfinity;
}

/** The sum. NaN if a value was NaN or infinities of both signs met; else an infinity that was added; else the finite sum. */
export function compensatedResult(accumulator: CompensatedSum): number {
  const counts = accumulator.nonFinite;
  if (counts !== undefined) {
    if (counts.nan > 0 || (counts.plusInfinity > 0 && counts.minusInfinity > 0)) return Number.NaN;
    if (counts.plusInfinity > 0) return Number.POSITIVE_INFINITY;
    if (counts.minusInfinity > 0) return Number.NEGATIVE_INFINITY;
  }
  // Finite values beyond 1.8e308 in total overflow as + does, and the compensation has no meaning then.
  return Number.isFinite(accumulator.sum) ? accumulator.sum + accumulator.compensation : accumulator.sum;
}

function addUnusual(accumulator: CompensatedSum, value: number, times: 1 | -1): void {
  if (Number.isFinite(value)) {
    accumulator.sum += value;
    return;
  }
  const counts = nonFiniteOf(accumulator);
  if (Number.isNaN(value)) counts.nan += times;
  else if (value > 0) counts.plusInfinity += times;
  else counts.minusInfinity += times;
}

function nonFiniteOf(accumulator: CompensatedSum): NonFiniteCounts {
  accumulator.nonFinite ??= { nan: 0, plusInfinity: 0, minusInfinity: 0 };
  return accumulator.nonFinite;
}
