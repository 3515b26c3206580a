// The structured-clone area of a frame: every value that has no column type, serialised by V8 in one go. Any thread.
// One serialiser a frame, because making one costs a microsecond or two. An object held twice, by two fields or by two
// records of a frame, is written once and arrives as one object held twice.
//
// Against `v8.serialize`: typed arrays are copied out of the frame (Node's own deserialiser would return views into the
// lane, which the producer overwrites), and shared memory is refused rather than silently unshared.
import { Deserializer, Serializer } from 'node:v8';
import { MillraceError } from '../errors/millrace-error.ts';

interface ViewClass {
  readonly name: string;
  readonly bytesPerElement: number;
  fromBytes(bytes: Uint8Array<ArrayBuffer>): ArrayBufferView;
}

/**
 * The index of a class in this list is what is written: append only. A Buffer stays a Buffer, where structured clone
 * makes it a Uint8Array.
 */
const VIEW_CLASSES: readonly ViewClass[] = [
  { name: 'Buffer', bytesPerElement: 1, fromBytes: (bytes) => Buffer.from(bytes.buffer) },
  typedArray(Uint8Array),
  typedArray(Int8Array),
  typedArray(Uint8ClampedArray),
  typedArray(Int16Array),
  typedArray(Uint16Array),
  typedArray(Int32Array),
  typedArray(Uint32Array),
  typedArray(Float32Array),
  typedArray(Float64Array),
  typedArray(BigInt64Array),
  typedArray(BigUint64Array),
  { name: 'DataView', bytesPerElement: 1, fromBytes: (bytes) => new DataView(bytes.buffer) },
];

function typedArray(viewClass: {
  new (buffer: ArrayBuffer): ArrayBufferView;
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
}): ViewClass {
  return {
    name: viewClass.name,
    bytesPerElement: viewClass.BYTES_PER_ELEMENT,
    fromBytes: (bytes) => new viewClass(bytes.buffer),
  };
}

/** The reason of a refusal by our own rules; V8's own refusals arrive as a DataCloneError from `serializeCells`. */
export class NotCloneable extends Error {}

class CellWriter extends Serializer {
  constructor() {
    super();
    (
      this as unknown as { _setTreatArrayBufferViewsAsHostObjects(on: boolean): void }
    )._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(value: object): void {
    if (!ArrayBuffer.isView(value))
      throw new NotCloneable(`${value.constructor?.name ?? 'object'} belongs to its thread`);
    if (value.buffer instanceof SharedArrayBuffer) {
      throw new NotCloneable('shared memory would arrive as a copy: copy it yourself, or send it another way');
    }
    const name = Buffer.isBuffer(value) ? 'Buffer' : classNameOf(value);
    const index = VIEW_CLASSES.findIndex((candidate) => candidate.name === name);
    if (index === -1) throw new NotCloneable(`${name} is not a known kind of view`);
    this.writeUint32(index);
    this.writeUint32(value.byteLength);
    this.writeRawBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }

  _getSharedArrayBufferId(): never {
    throw new NotCloneable('a SharedArrayBuffer cannot travel in a record: pass it to the workers by other means');
  }

  _getDataCloneError(message: string): Error {
    return new NotCloneable(message);
  }
}

/** By brand, not by `constructor`: a subclass arrives as its built-in base class, as structured clone has it. */
function classNameOf(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view) === '[object DataView]' ? 'DataView' : (brandOf.call(view) ?? 'DataView');
}

const brandOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get as (this: ArrayBufferView) => string | undefined;

class CellReader extends Deserializer {
  _readHostObject(): ArrayBufferView {
    const known = VIEW_CLASSES[this.readUint32()];
    const byteLength = this.readUint32();
    if (known === undefined || byteLength % known.bytesPerElement !== 0) {
      throw new MillraceError(
        'ERR_CORRUPT_FRAME',
        'A typed array in a frame must be of a known class and whole elements',
      );
    }
    const source = this.readRawBytes(byteLength); // throws when there are fewer, before any memory is taken
    const bytes = new Uint8Array(byteLength);
    bytes.set(source);
    return known.fromBytes(bytes);
  }
}

/**
 * `cells` as bytes, in memory of its own.
 * @throws whatever V8 or a getter throws when a cell cannot be cloned; `findUncloneableRow` says where.
 */
export function serializeCells(cells: readonly unknown[]): Uint8Array {
  const writer = new CellWriter();
  writer.writeHeader();
  writer.writeValue(cells);
  return writer.releaseBuffer();
}

/**
 * Reads what {@link serializeCells} wrote. `bytes` must not be shared memory that others write meanwhile: pass a copy.
 * @throws MillraceError ERR_CORRUPT_FRAME
 */
export function deserializeCells(bytes: Uint8Array): unknown[] {
  try {
    const reader = new CellReader(bytes);
    reader.readHeader();
    const cells: unknown = reader.readValue();
    if (Array.isArray(cells)) return cells;
  } catch (cause) {
    throw new MillraceError('ERR_CORRUPT_FRAME', 'The structured-clone area of a frame cannot be read', { cause });
  }
  throw new MillraceError('ERR_CORRUPT_FRAME', 'The structured-clone area of a frame must hold an array');
}
