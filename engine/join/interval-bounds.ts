// The rules for the bounds of an interval join. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';

/** @throws MillraceError ERR_OPTION_INVALID */
export function checkInterval(label: string, lowerMs: unknown, upperMs: unknown): void {
  const problems = [
    isBound(lowerMs, Number.NEGATIVE_INFINITY) ? '' : `lowerMs must be a whole number or -Infinity: lowerMs=${lowerMs}`,
    isBound(upperMs, Number.POSITIVE_INFINITY) || typeof upperMs === 'function'
      ? ''
      : `upperMs must be a whole number, Infinity, or a function of the left record: upperMs=${upperMs}`,
  ].filter((problem) => problem !== '');
  if (problems.length === 0 && typeof upperMs === 'number' && (lowerMs as number) > upperMs) {
    problems.push(`lowerMs must not be above upperMs: lowerMs=${lowerMs}, upperMs=${upperMs}`);
  }
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `${label}: ${problems.join('; ')}`);
}

function isBound(value: unknown, infinite: number): boolean {
  return value === infinite || Number.isSafeInteger(value);
}

/** The upper bound for one left record. @throws MillraceError ERR_OPERATOR when the user's function gives none */
export function upperOf(upperMs: number | ((left: unknown) => number), left: unknown): number {
  if (typeof upperMs === 'number') return upperMs;
  const own: unknown = upperMs(left);
  if (typeof own === 'number' && !Number.isNaN(own)) return own;
  throw new MillraceError('ERR_OPERATOR', `upperMs must give milliseconds as a number: got ${String(own)}`);
}
