// Bytes by key, outside the heap: what SpillingKeyStore keeps beyond its memory. Any thread; one thread has one to itself.

/** Keys are ordered byte by byte. */
export interface ColdStore {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All or nothing, at once. A change without value removes its key. */
  write(changes: readonly ColdChange[]): void;
  /** Keys from `start` up to but not including `end`, in order; without `end`, to the last. Nothing may be written meanwhile. */
  range(
    start: Uint8Array,
    end: Uint8Array | undefined,
  ): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  readonly size: number;
  /** Gives back all that it took up. */
  close(): void | Promise<void>;
}

export interface ColdChange {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** Where an actor may keep state beyond its memory. */
export interface ColdState {
  open(): ColdStore;
  /** About how many bytes of state stay in the heap. */
  readonly memoryBytes: number;
}

/** Longer keys do not fit the stores that there are. */
const LONGEST_KEY_BYTES = 1_900;

/**
 * The bytes under which a key is kept: its partition first, so that a partition lies together. Undefined for a key that is too long.
 *
 * @param text as compositeKey() gives it
 */
export function coldKey(partition: number, text: string): Uint8Array | undefined {
  const isWide = /[\u0100-\uffff]/.test(text);
  const length = 2 + (isWide ? 2 * text.length : text.length);
  if (length > LONGEST_KEY_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = partition;
  bytes[1] = isWide ? 1 : 0;
  bytes.write(text, 2, isWide ? 'utf16le' : 'latin1');
  return bytes;
}
