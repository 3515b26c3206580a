// How an aggregate says no to a value that it cannot take: one wording for all of them. Any thread.
// The error is ERR_OPERATOR, because it is the user's select that handed the value over; the engine adds stage and position.

import { MillraceError } from '../errors/millrace-error.ts';

const SHOWN_CHARACTERS = 60;

/** Throws. `rule` continues the aggregate's name: `sum` + `adds numbers` gives `sum adds numbers: got string "12"; …`. */
export function refuse(aggregate: string, rule: string, value: unknown, advice: string): never {
  throw new MillraceError('ERR_OPERATOR', `${aggregate} ${rule}: got ${describe(value)}; ${advice}`);
}

/** Throws ERR_OPTION_INVALID for an argument of the aggregate itself: found when the job is built, before a thread starts. */
export function refuseOption(rule: string, option: string, value: unknown): never {
  throw new MillraceError('ERR_OPTION_INVALID', `${rule}: ${option}=${describe(value)}`);
}

/** A value for people: its type, and as much of it as fits. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'string':
      return `string ${JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value)}`;
    case 'number':
    case 'boolean':
      return String(value);
    case 'bigint':
      return `bigint ${value}n`;
    case 'function':
      return `function ${value.name}`.trimEnd();
    case 'symbol':
      return 'symbol';
    default:
      return value instanceof Date ? 'Date' : Array.isArray(value) ? `array of ${value.length}` : objectName(value);
  }
}

function objectName(value: object): string {
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `object ${name}` : 'object';
}

/** The check of every aggregate that takes numbers: nullish values are skipped, as SQL does; anything else is refused. */
export function refuseUnlessNumber(aggregate: string, value: unknown): void {
  if (typeof value === 'number' || value === null || value === undefined) return;
  const advice = typeof value === 'bigint' ? 'convert it with Number(…)' : 'convert it in the select function';
  refuse(
    aggregate,
    'takes numbers',
    value,
    aggregate === 'sum' && typeof value === 'bigint' ? `${advice}, or use sumBigInt` : advice,
  );
}

/** The check of every `select` argument, when the job is built. */
export function refuseUnlessFunction(aggregate: string, option: string, value: unknown): void {
  if (typeof value !== 'function')
    refuseOption(`${aggregate} needs a function from a record to its value`, option, value);
}
