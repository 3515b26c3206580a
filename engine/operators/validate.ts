import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError } from '../errors/millrace-error.ts';

const MOST_ISSUES = 5;

/** A function that returns the record as the schema gives it, or throws ERR_RECORD_INVALID with the paths of what is wrong. */
export function validator(schema: StandardSchemaV1<unknown, unknown>): (record: unknown) => unknown {
  const { validate } = schema['~standard'];
  return (record) => {
    const result = validate(record);
    if (result instanceof Promise) {
      throw new MillraceError(
        'ERR_SCHEMA',
        'the schema validates asynchronously: call it in mapAsync instead of schema()',
      );
    }
    if (result.issues === undefined) return result.value;
    const shown = result.issues.slice(0, MOST_ISSUES).map(({ path, message }) => `${pathText(path)}: ${message}`);
    const more = result.issues.length - shown.length;
    throw new MillraceError(
      'ERR_RECORD_INVALID',
      `the record does not fit its schema: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    );
  };
}

function pathText(path: StandardSchemaV1.Issue['path']): string {
  if (path === undefined || path.length === 0) return 'record';
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
