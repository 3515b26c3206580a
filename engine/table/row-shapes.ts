// Adds fields to rows, and takes them away again, by code compiled for the fields that a row has. On the thread of the actor.
//
// { ...row, key } takes 1500 ns for a row of five fields, and { key, ...rest } = row as long; a literal of fixed names takes 20. So one is compiled for
// each list of names, and found again by comparing the names of a row with those of the last one, then of the others. Rows of one table mostly have the same.
// Each has text of its own: V8 keeps one set of type feedback for all functions that were made from equal text, and a row is unpacked in several places.
//
// Names that begin with a NUL are ours. Where code from strings is forbidden, or rows have ever other fields, spreading does the work.

import { compileThreshold, literalEntry, quote } from '../frame/generated-code.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Builds a row with more fields, whose values are given in order, or with fewer. */
type Build = (row: Fields, ...added: unknown[]) => Fields;

interface Shape {
  readonly names: readonly string[];
  readonly build: Build;
}

/** Shapes that are compiled; a table whose rows have more is better served by spreading than by keeping them all. */
const MOST_SHAPES = 64;
const canCompile = Number.isFinite(compileThreshold());

class RowShapes {
  readonly #compile: (names: readonly string[]) => Build;
  readonly #otherwise: Build;
  readonly #known: Shape[] = [];
  #last: Shape | undefined;

  constructor(compile: (names: readonly string[]) => Build, otherwise: Build) {
    this.#compile = compile;
    this.#otherwise = otherwise;
  }

  buildOf(row: Fields): Build {
    const last = this.#last;
    return last !== undefined && hasNames(row, last.names) ? last.build : this.#find(row);
  }

  #find(row: Fields): Build {
    if (!canCompile) return this.#otherwise;
    let shape = this.#known.find(({ names }) => hasNames(row, names));
    if (shape === undefined) {
      if (this.#known.length >= MOST_SHAPES) return this.#otherwise;
      const names = Object.keys(row);
      shape = { names, build: this.#compile(names) };
      this.#known.push(shape);
    }
    this.#last = shape;
    return shape.build;
  }
}

/** These and no others, in this order. */
function hasNames(row: Fields, names: readonly string[]): boolean {
  let at = 0;
  for (const name in row) if (name !== names[at++]) return false;
  return at === names.length;
}

let compiled = 0;

/** A function of its own, which builds an object with these entries of a literal. */
export function compileRow(parameters: readonly string[], entries: readonly string[]): Build {
  return new Function(...parameters, `return { ${entries.join(', ')} }; // row ${compiled++}`) as Build;
}

/** @param added names of the fields, NUL first */
export function adder(added: readonly string[]): (row: Fields, ...values: unknown[]) => Fields {
  const values = added.map((_, index) => `v${index}`);
  const ours = added.map((name, index) => literalEntry(name, values[index]!));
  const shapes = new RowShapes(
    (names) => {
      const theirs = names.map((name) => literalEntry(name, `row[${quote(name)}]`));
      return compileRow(['row', ...values], [...theirs, ...ours]);
    },
    (row, ...given) => {
      const built: Record<string, unknown> = { ...row };
      added.forEach((name, index) => {
        built[name] = given[index];
      });
      return built;
    },
  );
  return (row, ...given) => shapes.buildOf(row)(row, ...given);
}

/** Gives back rows without the fields that are ours. */
export function remover(): (record: Fields) => Fields {
  const shapes = new RowShapes(
    (names) => {
      const theirs = names.filter((name) => !isOurs(name)).map((name) => literalEntry(name, `row[${quote(name)}]`));
      return compileRow(['row'], theirs);
    },
    (record) => Object.fromEntries(Object.entries(record).filter(([name]) => !isOurs(name))),
  );
  return (record) => shapes.buildOf(record)(record);
}

/** Whether a row can be given fields of ours: a plain object without any. */
export function isFlat(row: unknown): row is Fields {
  if (typeof row !== 'object' || row === null || Object.getPrototypeOf(row) !== Object.prototype) return false;
  for (const name in row) if (isOurs(name)) return false;
  return true;
}

function isOurs(name: string): boolean {
  return name.charCodeAt(0) === 0;
}
