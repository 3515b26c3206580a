import { RingMemory, type WaitResult } from '../../../engine/queue/ring-memory.ts';

export interface Access {
  order: string;
  word: number;
  value: number;
}

/** A RingMemory over real words that writes down every access, in program order. */
export class RecordingMemory extends RingMemory {
  readonly accesses: Access[] = [];

  /** What was recorded since the last call, as `order NAME=value`; words without a name are told by their index. */
  take(names: ReadonlyMap<number, string>): string[] {
    return this.accesses
      .splice(0)
      .map(({ order, word, value }) => `${order} ${names.get(word) ?? `word ${word}`}=${value}`);
  }

  override loadPlain(word: number): number {
    return this.#record('loadPlain', word, super.loadPlain(word));
  }

  override storePlain(word: number, value: number): void {
    super.storePlain(word, this.#record('storePlain', word, value));
  }

  override loadOpaque(word: number): number {
    return this.#record('loadOpaque', word, super.loadOpaque(word));
  }

  override loadAcquire(word: number): number {
    return this.#record('loadAcquire', word, super.loadAcquire(word));
  }

  override storeRelease(word: number, value: number): void {
    super.storeRelease(word, this.#record('storeRelease', word, value));
  }

  override loadSeqCst(word: number): number {
    return this.#record('loadSeqCst', word, super.loadSeqCst(word));
  }

  override storeSeqCst(word: number, value: number): void {
    super.storeSeqCst(word, this.#record('storeSeqCst', word, value));
  }

  override wait(word: number, value: number, timeoutMs: number): WaitResult {
    this.#record('wait', word, value);
    return super.wait(word, value, timeoutMs);
  }

  override notify(word: number): void {
    this.#record('notify', word, 0);
    super.notify(word);
  }

  #record(order: string, word: number, value: number): number {
    this.accesses.push({ order, word, value });
    return value;
  }
}
