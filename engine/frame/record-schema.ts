// Declared records: `record({ … })`, the type it stands for, and validation by Standard Schema. Any thread.
// A record fits when it is an object whose own fields are exactly the declared ones, save optional ones. A field that
// was not declared is a problem, not ignored: it would be lost on the way.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError } from '../errors/millrace-error.ts';
import {
  type ColumnType,
  checkColumn,
  type FieldProblem,
  mustBe,
  type OptionalColumnType,
  takesUndefined,
} from './column-types.ts';
import type { ColumnRule } from './encoder-program.ts';
import type { FrameSchema } from './frame-schema.ts';
import { isFieldBag } from './plain-record.ts';
import { describePath, describeType, type FieldPath, RecordFault, unreadable } from './record-fault.ts';

export type RecordFields = Readonly<Record<string, ColumnType<unknown>>>;

type ValueOf<C> = C extends ColumnType<infer T> ? T : never;
type OptionalNames<F> = { [K in keyof F]: F[K] extends OptionalColumnType<unknown> ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] } & {};

/** The record type of declared fields. */
export type RecordOf<F extends RecordFields> = Flat<
  { -readonly [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> } & {
    -readonly [K in OptionalNames<F>]?: ValueOf<F[K]> | undefined;
  }
>;

/** The record type of a schema: `type Bid = Infer<typeof bidSchema>`. */
export type Infer<S> = S extends RecordSchema<infer T> ? T : never;

/** How many problems an error message lists; `validate` gives all. */
const PROBLEMS_SHOWN = 8;

/** Made by {@link record}. Also a Standard Schema, and a column type: records nest. */
export class RecordSchema<T> implements StandardSchemaV1<T, T>, ColumnType<T> {
  readonly kind = 'clone';
  readonly expects = 'an object';
  readonly isNullable = false;
  readonly isOptional = false;
  readonly fields: RecordFields;
  readonly '~standard': StandardSchemaV1.Props<T, T>;
  declare readonly _value?: T;
  /** @internal */
  readonly frameSchema: FrameSchema;
  /** @internal */
  readonly columnRules: readonly ColumnRule[];

  /** @internal Use {@link record}. */
  constructor(fields: RecordFields) {
    this.fields = fields;
    const entries = Object.entries(fields);
    this.frameSchema = {
      shape: 'fields',
      columns: entries.map(([name, type]) => ({ name, kind: type.kind, optional: type.isOptional })),
    };
    this.columnRules = entries.map(([, type]) => ruleOf(type));
    this['~standard'] = {
      version: 1,
      vendor: 'millrace',
      validate: (value) => {
        const problems: FieldProblem[] = [];
        this.check(value, [], problems);
        return problems.length === 0 ? { value: value as T } : { issues: problems.map(issueOf) };
      },
    };
    // Spread into nullable() and optional(), a method must not need its `this`.
    this.check = this.check.bind(this);
  }

  check(value: unknown, path: FieldPath, problems: FieldProblem[]): void {
    if (typeof value !== 'object' || value === null || !isFieldBag(value)) {
      problems.push(mustBe('an object of fields', value, path));
      return;
    }
    const bag = value as Record<string, unknown>;
    for (const [name, type] of Object.entries(this.fields)) {
      if (Object.prototype.propertyIsEnumerable.call(bag, name))
        checkColumn(type, bag[name], [...path, name], problems);
      else if (!type.isOptional)
        problems.push({ path: [...path, name], message: `must be ${type.expects}, and is missing` });
    }
    for (const name of Object.keys(bag)) {
      if (!Object.hasOwn(this.fields, name)) {
        problems.push({
          path: [...path, name],
          message: `must be declared in the schema, and is ${describeType(bag[name])}`,
        });
      }
    }
  }

  /** @internal The error of a record that an encoder could not take. */
  refuse(value: unknown, recordIndex: number): RecordFault {
    const problems: FieldProblem[] = [];
    try {
      this.check(value, [], problems);
    } catch (cause) {
      // A getter that the encoder did not come to: left to the caller, another record would be blamed for it.
      return unreadable(cause, recordIndex);
    }
    const shown = problems
      .slice(0, PROBLEMS_SHOWN)
      .map(({ path, message }) => `${describePath(path) || 'the record'} ${message}`);
    if (problems.length > PROBLEMS_SHOWN) shown.push(`and ${problems.length - PROBLEMS_SHOWN} more`);
    return new RecordFault(
      'ERR_RECORD_INVALID',
      `A record must fit its declared schema: ${shown.join('; ')} (record ${recordIndex}). Correct the record, or widen the schema`,
      recordIndex,
      describePath(problems[0]?.path ?? []),
    );
  }
}

function ruleOf(type: ColumnType<unknown>): ColumnRule {
  const rule = { nulls: type.isNullable, undefineds: takesUndefined(type), exact: false };
  if (type.kind !== 'clone' || 'acceptsUndefined' in type) return rule; // `any` takes what comes
  return {
    ...rule,
    accepts: (value) => {
      const problems: FieldProblem[] = [];
      type.check(value, [], problems);
      return problems.length === 0;
    },
  };
}

function issueOf({ path, message }: FieldProblem): StandardSchemaV1.Issue {
  return { path: [...path], message: `${describePath(path) || 'The record'} ${message}` };
}

/**
 * Declares records by their fields. Declared columns are checked record by record while encoding, and never widen.
 *
 * @throws MillraceError ERR_SCHEMA naming every field whose type is none of ours
 * @example
 * const bid = record({ auction: int32, price: float64, channel: string, note: nullable(string), url: optional(string) });
 * type Bid = Infer<typeof bid>; // { auction: number; price: number; channel: string; note: string | null; url?: string | undefined }
 */
export function record<const F extends RecordFields>(fields: F): RecordSchema<RecordOf<F>> {
  if (typeof fields !== 'object' || fields === null) {
    throw new MillraceError('ERR_SCHEMA', `record() takes an object of column types: ${describeType(fields)}`);
  }
  const wrong = Object.entries(fields).filter(
    ([, type]) => typeof type?.check !== 'function' || typeof type.kind !== 'string',
  );
  if (wrong.length > 0) {
    const shown = wrong.map(([name, type]) => `${describePath([name])} is ${describeType(type)}`).join('; ');
    throw new MillraceError(
      'ERR_SCHEMA',
      `Every field of a record must be a column type such as float64 or string: ${shown}`,
    );
  }
  return new RecordSchema<RecordOf<F>>(Object.freeze({ ...fields }));
}
