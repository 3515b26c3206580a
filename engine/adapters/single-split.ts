// A source of one split, over an object that is given or made by a function when it is opened. Any thread; opened on a worker.
//
// The job module is evaluated on every thread, so an object that is given exists on every thread, and is read on one. A
// function is called only where the split is read: that is the better choice for everything that holds a file or a socket.

import type { ReaderContext, Source, SplitReader } from '../connector/source.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';

export type Made<X> = X | (() => X | Promise<X>);

export interface SingleSplit<X, T> {
  readonly name: string;
  readonly bounded: boolean;
  /** The object itself, or what makes it. */
  readonly from: Made<X>;
  /** Throws for what `from` must not be or make. */
  check(made: X): void;
  /** True when reading it a second time would silently give nothing. */
  isUsedUp?(made: X): boolean;
  open(made: X, context: ReaderContext): SplitReader<T>;
}

export function singleSplit<X, T>(definition: SingleSplit<X, T>): Source<T> {
  const { name, bounded, from } = definition;
  const isMade = typeof from === 'function';
  if (!isMade) definition.check(from);
  const open = (made: X, context: ReaderContext): SplitReader<T> => {
    definition.check(made);
    if (definition.isUsedUp?.(made) === true) {
      const advice = isMade
        ? 'make a new one at every call'
        : 'give a function that makes one, to read it more than once';
      throw new MillraceError('ERR_SOURCE', `${name} was read before, and has nothing left; ${advice}`);
    }
    return definition.open(made, context);
  };
  return {
    name,
    bounded,
    splits: () => [{ id: name }],
    open(_split, context) {
      if (!isMade) return open(from, context);
      const made = makeOrFail(name, from as () => X | Promise<X>);
      return isPromise(made)
        ? made.then(
            (settled) => open(settled, context),
            (error) => fail(name, error),
          )
        : open(made, context);
    },
  };
}

function makeOrFail<X>(name: string, make: () => X): X {
  try {
    return make();
  } catch (error) {
    return fail(name, error);
  }
}

function fail(name: string, error: unknown): never {
  throw new MillraceError('ERR_SOURCE', `${name} could not be opened: ${messageOf(error)}`, { cause: error });
}

function isPromise<X>(value: X | Promise<X>): value is Promise<X> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
