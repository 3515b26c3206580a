import { LIMITS } from '../limits.ts';

/** partition -> index of the actor that owns it, dealt out evenly. Any thread; the same on all of them. */
export function actorOfPartition(actors: number): Uint16Array {
  return Uint16Array.from({ length: LIMITS.partitions }, (_, partition) => partition % actors);
}
