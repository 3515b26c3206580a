// What becomes of a record that an operator cannot process: by the policy of that operator. On the thread of the actor.

import type { ErrorCode } from '../errors/error-codes.ts';
import { type ErrorPlace, MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { DeadLetter, OperatorNode } from '../graph/operator-node.ts';

export interface FaultCounters {
  recordsSkipped(count: number): void;
  recordsDeadLettered(count: number): void;
}

export class Faults {
  readonly #place: ErrorPlace & { job: string; stage: string; worker: number };
  readonly #counters: FaultCounters;
  /** Where the dead letters of an operator go, by its id; set by the builder of the actor. */
  readonly deadLetters: Map<number, (letter: DeadLetter) => void> = new Map();
  /** About where the source of this stage is, for faults on records that have left the batch in which they were read. */
  near: (() => string | undefined) | undefined;
  /** What must fail the job: no policy of an operator on the way out applies, such as of one whose late records met a failure. */
  readonly #failures = new Set<unknown>();

  constructor(place: ErrorPlace & { job: string; stage: string; worker: number }, counters: FaultCounters) {
    this.#place = place;
    this.#counters = counters;
  }

  /** Returns when the record is given up by policy; throws when the job must fail. `position` is asked only when needed. */
  handle(
    node: OperatorNode,
    thrown: unknown,
    record: unknown,
    position: () => string | undefined,
    code: ErrorCode = 'ERR_OPERATOR',
  ): void {
    if (this.#failures.has(thrown)) throw thrown;
    if (node.policy === 'skip') {
      this.#counters.recordsSkipped(1);
      return;
    }
    const deliver = this.deadLetters.get(node.id);
    const own = thrown instanceof MillraceError ? thrown : undefined;
    const where = own?.place.position ?? position() ?? this.near?.();
    if (node.policy === 'dead-letter' && deliver !== undefined) {
      this.#counters.recordsDeadLettered(1);
      deliver({
        job: this.#place.job,
        stage: this.#place.stage,
        operator: node.name,
        worker: this.#place.worker,
        position: where,
        code: own?.code ?? code,
        message: own?.rule ?? messageOf(thrown),
        record: cloneable(record),
      });
      return;
    }
    const failure = this.place(own === undefined ? thrown : withAdvice(own), node, code, where);
    this.#failures.add(failure);
    throw failure;
  }

  /** The error with all that is known of its place. */
  place(thrown: unknown, node: OperatorNode | undefined, code: ErrorCode, position?: string): MillraceError {
    const place: ErrorPlace = { ...this.#place };
    if (node !== undefined) place.operator = node.name;
    const where = position ?? this.near?.();
    if (where !== undefined) place.position = where;
    return MillraceError.from(thrown, code, ruleOf(thrown, code), place);
  }
}

function ruleOf(thrown: unknown, code: ErrorCode): string | undefined {
  if (code === 'ERR_SOURCE') return `the source failed: ${messageOf(thrown)}`;
  if (code !== 'ERR_OPERATOR') return undefined;
  return `the operator threw: ${messageOf(thrown)}. Mend it, or give it .onError('skip') or a dead-letter sink`;
}

/** Who reads malformed input mostly does not know yet that it need not end the job. */
function withAdvice(error: MillraceError): MillraceError {
  if (error.code !== 'ERR_MALFORMED_INPUT') return error;
  const rule = `${error.rule.replace(/\.$/, '')}. To go on without such records, give the source .onError('skip') or a dead-letter sink`;
  const advised = new MillraceError(error.code, rule, {
    place: error.place,
    ...('cause' in error ? { cause: error.cause } : {}),
  });
  if (error.stack !== undefined) advised.stack = error.stack.replace(error.message, advised.message);
  return advised;
}

function cloneable(record: unknown): unknown {
  try {
    return structuredClone(record);
  } catch {
    return undefined;
  }
}
