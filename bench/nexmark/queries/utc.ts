// Days, hours and minutes, UTC, as text. Any thread.
//
// Events of one batch lie within the same minute, so the text of the last one is kept: formatting a date for each bid would cost more than
// the rest of its query.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `2015-07-15`. */
export const dayOf: (ms: number) => string = remembered(DAY_MS, (iso) => iso.slice(0, 10));

/** `00:16`. */
export const minuteOf: (ms: number) => string = remembered(MINUTE_MS, (iso) => iso.slice(11, 16));

/** 0 to 23. */
export function hourOf(ms: number): number {
  return Math.floor((ms % DAY_MS) / HOUR_MS);
}

function remembered(spanMs: number, format: (iso: string) => string): (ms: number) => string {
  let from = 0;
  let text = format(new Date(0).toISOString());
  return (ms) => {
    if (ms < from || ms >= from + spanMs) {
      from = ms - (ms % spanMs);
      text = format(new Date(from).toISOString());
    }
    return text;
  };
}
