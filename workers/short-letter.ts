import { messageOf } from '../engine/errors/millrace-error.ts';
import type { DeadLetter } from '../engine/graph/operator-node.ts';

/** Of a reason that must fit the smallest lane. */
const MOST_CHARACTERS = 300;

/** For a dead letter that fits no lane, record and all: the reason still arrives. @throws `failure()` when it was short already */
export function shortLetter(error: unknown, letter: DeadLetter, failure: () => Error): DeadLetter {
  if (letter.record === undefined) throw failure();
  const message = `${letter.message.slice(0, MOST_CHARACTERS)} (the record is left out: ${messageOf(error)})`;
  return { ...letter, message, record: undefined };
}
