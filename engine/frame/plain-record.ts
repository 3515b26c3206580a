// Which objects structured clone treats as a bag of own enumerable fields. Any thread. Plain objects, objects without a
// prototype and instances of ordinary classes are; arrays, Maps, Dates, Errors, Promises and whatever else has inner
// slots are not, whatever their prototype claims.
import { types } from 'node:util';

const tagOf = Object.prototype.toString;

/**
 * Whether a structured clone of `value` would be a plain object of its own enumerable string-keyed fields. Costs about
 * a microsecond for classes: ask once for each prototype. When in doubt the answer is no, and structured clone itself
 * decides.
 */
export function isFieldBag(value: object): boolean {
  return tagOf.call(value) === '[object Object]' && !hasInnerSlots(value);
}

function hasInnerSlots(value: object): boolean {
  return (
    types.isProxy(value) ||
    types.isDate(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isMapIterator(value) ||
    types.isSetIterator(value) ||
    types.isGeneratorObject(value) ||
    types.isModuleNamespaceObject(value) ||
    types.isExternal(value)
  );
}
