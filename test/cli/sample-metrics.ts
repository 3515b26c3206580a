// Metrics of an imagined job for tests of the command: a source stage and a keyed stage behind it, on two workers.

import type { JobMetrics, LatencySummary, StageMetrics } from '../../index.ts';

export function latency(p50Ns: number, count = 1_000): LatencySummary {
  return {
    count,
    minNs: p50Ns / 2,
    meanNs: p50Ns,
    p50Ns,
    p90Ns: p50Ns * 2,
    p99Ns: p50Ns * 3,
    p999Ns: p50Ns * 4,
    p9999Ns: p50Ns * 5,
    maxNs: p50Ns * 6,
    overflowCount: 0,
  };
}

export const NO_LATENCY: LatencySummary = latency(0, 0);

export function stage(name: string, changes: Partial<StageMetrics> = {}): StageMetrics {
  return {
    stage: name,
    operators: ['map'],
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    recordsSkipped: 0,
    recordsDeadLettered: 0,
    recordsDropped: 0,
    recordsLate: 0,
    busy: 0,
    idle: 0,
    backpressured: 0,
    workers: [],
    wait: NO_LATENCY,
    service: NO_LATENCY,
    age: NO_LATENCY,
    lanes: { count: 0, capacityBytes: 0, occupancy: 0 },
    ...changes,
  };
}

export function metrics(changes: Partial<JobMetrics> = {}): JobMetrics {
  return {
    job: 'flights',
    uptimeMs: 2_000,
    workers: 2,
    stages: [
      stage('read', {
        recordsIn: 3_000_000,
        recordsOut: 2_500_000,
        busy: 0.9,
        idle: 0.04,
        backpressured: 0.06,
        service: latency(41),
        age: latency(20_000),
      }),
      stage('delays', {
        recordsIn: 2_500_000,
        recordsOut: 312,
        busy: 0.4,
        idle: 0.6,
        wait: latency(150_000),
        service: latency(95),
        age: latency(2_000_000),
        lanes: { count: 4, capacityBytes: 1 << 20, occupancy: 0.02, meanOccupancy: 0.25, maxOccupancy: 0.9 },
      }),
    ],
    progress: { done: 500, total: 1_000, fraction: 0.5 },
    ...changes,
  };
}
