// Which of a schema's fields a record has, and whether it has others. Any one thread; one matcher an encoder and
// schema. Compiled encoders ask it only when a record does not simply have all fields in order.
import { isFieldBag } from './plain-record.ts';

const hasOwn = Object.prototype.hasOwnProperty;

export class FieldMatcher {
  /**
   * The `constructor` of the last records that matched: compiled encoders take records of this class, all fields in
   * order, without asking. Comparing it costs 0.2 ns where `Object.getPrototypeOf` costs 8.
   */
  construct: unknown = Object;
  readonly names: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  /** Prototypes whose objects were seen to be bags of fields. Weak: a prototype per record must not pile up. */
  readonly #accepted = new WeakSet<object>([Object.prototype]);

  constructor(names: readonly string[]) {
    this.names = names;
    this.#index = new Map(names.map((name, column) => [name, column]));
  }

  isBag(record: unknown): record is object {
    if (typeof record !== 'object' || record === null) return false;
    const prototype: object | null = Object.getPrototypeOf(record);
    if (prototype !== null && this.#accepted.has(prototype)) {
      this.#expect(prototype);
      return true;
    }
    if (!isFieldBag(record)) return false;
    if (prototype !== null) this.#accepted.add(prototype);
    this.#expect(prototype);
    return true;
  }

  /**
   * Fills `present`, one byte a column. False when the record is not a bag of fields or has a field that is no column.
   */
  match(record: unknown, present: Uint8Array): record is object {
    if (!this.isBag(record)) return false;
    const { names } = this;
    const columns = names.length;
    present.fill(0);
    let next = 0;
    for (const key in record) {
      // Own fields come first, so what follows an inherited one is inherited too.
      if (!hasOwn.call(record, key)) break;
      // Records of one origin list their fields in one order, with gaps: walk both lists, and look up only what is out
      // of order.
      let column = next;
      while (column < columns && names[column] !== key) column++;
      if (column === columns) {
        const found = this.#index.get(key);
        if (found === undefined) return false;
        column = found;
      }
      present[column] = 1;
      next = column + 1;
    }
    return true;
  }

  /**
   * An object without a class of its own (`Object.create({ … })`) inherits a `constructor` that vouches for nothing.
   */
  #expect(prototype: object | null): void {
    if (prototype === null) this.construct = undefined;
    else if (hasOwn.call(prototype, 'constructor')) this.construct = prototype.constructor;
  }
}
