// Makes the object of a record from its fields: compiled once a file, so that all records have one hidden class and each column
// its own type feedback. Workers. Names reach the source only through JSON.stringify. Where code generation from strings is
// switched off (`--disallow-code-generation-from-strings`) the same is done by a loop, at 0.7 of the speed.

import type { Cells } from './cells.ts';
import type { CsvColumn } from './columns.ts';

/** Reads the fields that `cells` points at. `text` is the window as Latin-1. */
export type RowBuilder = (cells: Cells, text: string) => Record<string, unknown>;

export function rowBuilder(columns: readonly CsvColumn[]): RowBuilder {
  const members = columns.map((column) => `${memberName(column.name)}: ${cellExpression(column)}`);
  try {
    return new Function(
      'cells',
      'text',
      `const starts = cells.starts, ends = cells.ends, flags = cells.flags;\nreturn { ${members.join(',\n')} };`,
    ) as RowBuilder;
  } catch (error) {
    if (error instanceof EvalError) return interpretedRowBuilder(columns);
    throw error;
  }
}

/** In brackets, `__proto__` is a name like any other; as a plain literal it would set the prototype. */
export function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
}

function cellExpression({ field, type, optional }: CsvColumn): string {
  if (type === 'string') {
    const plain = `(flags[${field}] < 2 ? text.substring(starts[${field}], ends[${field}]) : cells.string(${field}))`;
    return optional ? `(cells.isNull(${field}) ? null : ${plain})` : plain;
  }
  const value = `cells.${type}(${field})`;
  return optional ? `(starts[${field}] === ends[${field}] ? null : ${value})` : value;
}

export function interpretedRowBuilder(columns: readonly CsvColumn[]): RowBuilder {
  return (cells) => {
    const row: Record<string, unknown> = {};
    for (const { name, field, type, optional } of columns) {
      const isNull = optional && (type === 'string' ? cells.isNull(field) : cells.isEmpty(field));
      const value = isNull ? null : cells[type](field);
      if (name === '__proto__')
        Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
      else row[name] = value;
    }
    return row;
  };
}
