// simulate() for the models of operators that keep state: with every other seed almost none of it is in memory, and the answers must be the same.

import type { Job } from '../../index.ts';
import { type SimulationResult, simulateWith } from '../../testing/simulate.ts';
import type { SimulationOptions } from '../../testing/simulation-options.ts';
import { MapColdStore } from '../engine/state/map-cold-store.ts';

export function simulate(job: Job, options: SimulationOptions = {}): Promise<SimulationResult> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  // Of few records one key must leave for another, of many a handful has room.
  const memoryBytes = seed % 4 === 1 ? 1 : 4_000;
  const coldState = { open: () => new MapColdStore(), memoryBytes };
  return simulateWith(job, { ...options, seed }, seed % 2 === 0 ? {} : { coldState });
}
