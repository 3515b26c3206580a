// Bytes by key, outside the heap: what state is there beyond its memory. Any thread; one thread has one to itself.

/** Keys are ordered byte by byte. */
export interface ColdStore {
  /** Good until the next call. */
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
