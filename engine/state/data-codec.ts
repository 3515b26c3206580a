// State as bytes: what most state is made of by hand, all else as v8's serializer writes it. Any thread.
//
// By hand: arrays and plain objects, nested, of numbers, strings, booleans, null and undefined; that takes a fraction of what a v8.Serializer and its buffer
// do. A value with anything else in it (a Map, a Date, one object in two places, a hole) is written by v8 as a whole: what comes back is always what
// structured clone gives.

import { deserialize, serialize } from 'node:v8';

const UNDEFINED = 0;
const NULL = 1;
const TRUE = 2;
const FALSE = 3;
const INT = 4;
const DOUBLE = 5;
const LATIN1 = 6;
const UTF16 = 7;
const ARRAY = 8;
const OBJECT = 9;
const BY_V8 = 10;

/** Items of an array or object, and objects of a value, that are written by hand. */
const MOST_ITEMS = 255;
const MOST_OBJECTS = 16;
/** Strings up to here are read and written character by character: a call costs as much as these. */
const SHORT_TEXT = 12;
const FIRST_BYTES = 65_536;

/** Writes values behind each other. What write() returned is good until reset(). */
export class DataWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Of the value that is being written. */
  #from = 0;
  #at = 0;
  readonly #objects: object[] = [];

  /** What was written before may be overwritten. */
  reset(): void {
    this.#at = 0;
  }

  /** @throws what structured clone throws */
  write(value: unknown): Uint8Array {
    this.#from = this.#at;
    this.#objects.length = 0;
    if (!this.#put(value)) {
      this.#at = this.#from;
      const bytes = serialize(value);
      this.#need(1 + bytes.length);
      this.#bytes[this.#at++] = BY_V8;
      this.#bytes.set(bytes, this.#at);
      this.#at += bytes.length;
    }
    return this.#bytes.subarray(this.#from, this.#at);
  }

  /** Makes room behind what is written; that of the present value moves where there is none. */
  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#from, this.#at);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, 2 * (written.length + bytes)));
    this.#bytes.set(written);
    this.#from = 0;
    this.#at = written.length;
  }

  /** False when it is not for writing by hand. */
  #put(value: unknown): boolean {
    this.#need(9);
    switch (typeof value) {
      case 'number':
        this.#putNumber(value);
        return true;
      case 'string':
        this.#putText(value);
        return true;
      case 'boolean':
        this.#bytes[this.#at++] = value ? TRUE : FALSE;
        return true;
      case 'undefined':
        this.#bytes[this.#at++] = UNDEFINED;
        return true;
      case 'object':
        if (value === null) {
          this.#bytes[this.#at++] = NULL;
          return true;
        }
        return this.#putObject(value);
      default:
        return false;
    }
  }

  #putNumber(value: number): void {
    // -0 is a double.
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.#bytes[this.#at] = INT;
      this.#at = this.#bytes.writeInt32LE(value, this.#at + 1);
    } else {
      this.#bytes[this.#at] = DOUBLE;
      this.#at = this.#bytes.writeDoubleLE(value, this.#at + 1);
    }
  }

  #putText(text: string): void {
    const { length } = text;
    this.#need(5 + 2 * length);
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from + 5;
    let units = 0;
    if (length <= SHORT_TEXT) {
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        units |= unit;
        bytes[at++] = unit;
      }
    } else {
      for (let i = 0; i < length; i++) units |= text.charCodeAt(i);
      if (units < 256) at += bytes.write(text, at, 'latin1');
    }
    if (units >= 256) at = from + 5 + bytes.write(text, from + 5, 'utf16le');
    bytes[from] = units < 256 ? LATIN1 : UTF16;
    bytes.writeUInt32LE(length, from + 1);
    this.#at = at;
  }

  #putObject(object: object): boolean {
    const objects = this.#objects;
    if (objects.length === MOST_OBJECTS || objects.includes(object)) return false;
    objects.push(object);
    if (Array.isArray(object)) return this.#putArray(object);
    if (Object.getPrototypeOf(object) !== Object.prototype) return false;
    const names = Object.keys(object);
    if (names.length > MOST_ITEMS) return false;
    this.#bytes[this.#at++] = OBJECT;
    this.#bytes[this.#at++] = names.length;
    for (const name of names) {
      // Set on an object, it is no field.
      if (name === '__proto__') return false;
      this.#putText(name);
      if (!this.#put((object as Record<string, unknown>)[name])) return false;
    }
    return true;
  }

  #putArray(array: readonly unknown[]): boolean {
    const { length } = array;
    // A hole, or a field that is no item.
    if (length > MOST_ITEMS || Object.keys(array).length !== length) return false;
    this.#bytes[this.#at++] = ARRAY;
    this.#bytes[this.#at++] = length;
    for (let i = 0; i < length; i++) if (!this.#put(array[i])) return false;
    return true;
  }
}

/** Reads what a DataWriter has written. */
export class DataReader {
  #bytes!: Buffer;
  #at = 0;

  read(bytes: Uint8Array): unknown {
    if (bytes[0] === BY_V8) return deserialize(bytes.subarray(1));
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    return this.#take();
  }

  #take(): unknown {
    const bytes = this.#bytes;
    const at = this.#at + 1;
    switch (bytes[this.#at]) {
      case INT:
        this.#at = at + 4;
        return bytes.readInt32LE(at);
      case DOUBLE:
        this.#at = at + 8;
        return bytes.readDoubleLE(at);
      case LATIN1:
      case UTF16:
        return this.#takeText();
      case ARRAY: {
        this.#at = at + 1;
        const items: unknown[] = [];
        for (let left = bytes[at]!; left > 0; left--) items.push(this.#take());
        return items;
      }
      case OBJECT: {
        this.#at = at + 1;
        const object: Record<string, unknown> = {};
        for (let left = bytes[at]!; left > 0; left--) {
          const name = this.#takeText();
          object[name] = this.#take();
        }
        return object;
      }
      default:
        this.#at = at;
        return SINGLE[bytes[at - 1]!];
    }
  }

  #takeText(): string {
    const bytes = this.#bytes;
    const isWide = bytes[this.#at] === UTF16;
    const length = bytes.readUInt32LE(this.#at + 1);
    const from = this.#at + 5;
    this.#at = from + (isWide ? 2 * length : length);
    if (isWide) return bytes.toString('utf16le', from, this.#at);
    if (length > SHORT_TEXT) return bytes.toString('latin1', from, this.#at);
    let text = '';
    for (let i = from; i < this.#at; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
}

const SINGLE: readonly unknown[] = [undefined, null, true, false];
