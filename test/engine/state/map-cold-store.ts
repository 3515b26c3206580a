// A cold store in a Map: what is tested with it is not what a database does.

import type { ColdChange, ColdStore } from '../../../engine/state/cold-store.ts';

export class MapColdStore implements ColdStore {
  readonly #entries = new Map<string, { key: Uint8Array; value: Uint8Array }>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(Buffer.from(key).toString('hex'))?.value;
  }

  write(changes: readonly ColdChange[]): void {
    for (const { key, value } of changes) {
      const name = Buffer.from(key).toString('hex');
      if (value === undefined) this.#entries.delete(name);
      else this.#entries.set(name, { key: Buffer.from(key), value: Buffer.from(value) });
    }
  }

  range(start: Uint8Array, end: Uint8Array | undefined): Iterable<{ key: Uint8Array; value: Uint8Array }> {
    const within = [...this.#entries.values()].filter(
      ({ key }) => Buffer.compare(key, start) >= 0 && (end === undefined || Buffer.compare(key, end) < 0),
    );
    return within.sort((a, b) => Buffer.compare(a.key, b.key));
  }

  get size(): number {
    return this.#entries.size;
  }

  close(): void {
    this.#entries.clear();
  }
}
