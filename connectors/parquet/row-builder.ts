// Makes the objects of rows from columns, in one compiled loop a file: one hidden class for all rows, type feedback of its own for
// each column. Workers. Names reach the source only through JSON.stringify. Where code generation from strings is switched off the
// same is done by a loop, eight times slower.

import { decimalOf, type ParquetColumn } from './columns.ts';
import { BadCell } from './decode-column.ts';

/**
 * Appends the rows `0..count` to `rows`. `values[c][offsets[c]]` is the first value of column c. A row that cannot be one is left out;
 * its number goes to `refused`.
 */
export type RowBuilder = (
  values: readonly ArrayLike<unknown>[],
  offsets: readonly number[],
  count: number,
  rows: object[],
  refused: number[],
) => void;

/** @param checked Look for BadCells too: needed only where a column has any. */
export function rowBuilder(columns: readonly ParquetColumn[], checked: boolean): RowBuilder {
  const conditions = columns.flatMap((column, index) => refusals(column, index, checked));
  const members = columns.map(
    (column, index) => `${memberName(column.name)}: ${memberExpression(column, `v${index}`)}`,
  );
  const source = `
    ${columns.map((_, index) => `const c${index} = values[${index}], o${index} = offsets[${index}];`).join('\n')}
    for (let i = 0; i < count; i++) {
      ${columns.map((_, index) => `const v${index} = c${index}[o${index} + i];`).join('\n')}
      ${conditions.length === 0 ? '' : `if (${conditions.join(' || ')}) { refused.push(i); continue; }`}
      rows.push({ ${members.join(',\n')} });
    }`;
  try {
    const compiled = new Function('BadCell', `return (values, offsets, count, rows, refused) => {${source}\n};`);
    return compiled(BadCell) as RowBuilder;
  } catch (error) {
    if (error instanceof EvalError) return interpretedRowBuilder(columns);
    throw error;
  }
}

function refusals({ optional, nullable }: ParquetColumn, index: number, checked: boolean): string[] {
  const conditions = optional || !nullable ? [] : [`v${index} === null || v${index} === undefined`];
  if (checked) conditions.push(`v${index} instanceof BadCell`);
  return conditions;
}

/** In brackets, `__proto__` is a name like any other; as a plain literal it would set the prototype. */
function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
}

const MS_PER_DAY = 86_400_000;

function memberExpression(column: ParquetColumn, value: string): string {
  const converted = conversion(column, value);
  if (!column.nullable) return converted;
  return converted === value
    ? `(${value} ?? null)`
    : `(${value} === null || ${value} === undefined ? null : ${converted})`;
}

function conversion({ stored, type, element }: ParquetColumn, value: string): string {
  if (stored === 'timestamp' || stored === 'int96') return type === 'date' ? `new Date(${value})` : value;
  if (stored === 'date') return `new Date(${value} * ${MS_PER_DAY})`;
  if (stored === 'int32' && type === 'bigint') return `BigInt(${value})`;
  if (stored === 'decimal' && element.type === 'INT32') {
    const { scale } = decimalOf(element);
    if (type === 'number') return `${value} / ${10 ** scale}`;
    return `(${value} / ${10 ** scale}).toFixed(${scale})`;
  }
  if (stored === 'jsonText' && type === 'json') return `JSON.parse(${value})`;
  if (stored === 'bytes' && type === 'bytes') return `${value}.slice()`;
  return value;
}

export function interpretedRowBuilder(columns: readonly ParquetColumn[]): RowBuilder {
  return (values, offsets, count, rows, refused) => {
    for (let row = 0; row < count; row++) {
      const cells = columns.map((_, index) => values[index]![offsets[index]! + row] ?? null);
      if (cells.some((cell, index) => cell instanceof BadCell || (cell === null && !columns[index]!.optional)))
        refused.push(row);
      else {
        rows.push(
          Object.defineProperties(
            {},
            Object.fromEntries(
              columns.map((column, index) => [
                column.name,
                { value: interpretedCell(column, cells[index]), enumerable: true, configurable: true, writable: true },
              ]),
            ),
          ),
        );
      }
    }
  };
}

function interpretedCell({ stored, type, element }: ParquetColumn, value: unknown): unknown {
  if (value === null) return null;
  if (stored === 'timestamp' || stored === 'int96') return type === 'date' ? new Date(value as number) : value;
  if (stored === 'date') return new Date((value as number) * MS_PER_DAY);
  if (stored === 'int32' && type === 'bigint') return BigInt(value as number);
  if (stored === 'decimal' && element.type === 'INT32') {
    const { scale } = decimalOf(element);
    const number = (value as number) / 10 ** scale;
    return type === 'number' ? number : number.toFixed(scale);
  }
  if (stored === 'jsonText' && type === 'json') return JSON.parse(value as string);
  return stored === 'bytes' && type === 'bytes' ? (value as Uint8Array).slice() : value;
}
