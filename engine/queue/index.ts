// `millrace/queue`: a single-producer single-consumer byte ring between two threads, usable by itself. See README.md.

export { Doorbell } from './doorbell.ts';
export { RING_DRAINED, RING_EMPTY, RingConsumer } from './ring-consumer.ts';
export { RingCorruptError, RingUsageError } from './ring-errors.ts';
export { RingMemory, type WaitResult } from './ring-memory.ts';
export type { RingDoorbells, RingOptions } from './ring-options.ts';
export { RING_CLOSED, RING_FULL, RingProducer } from './ring-producer.ts';
export { type AllocateOptions, SpscRing } from './spsc-ring.ts';
