// millrace/testing: jobs without threads, and operators by themselves. For tests; nothing here is needed to run a job.

export { VirtualClock } from '../engine/time/clock.ts';
export { type DriveOptions, driveOperators } from './drive-operators.ts';
export { type SimulationResult, simulate } from './simulate.ts';
export type { SimulationOptions } from './simulation-options.ts';
