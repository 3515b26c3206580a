import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of what runs on one thread. The others start threads, or judge time and memory: a neighbour would disturb them. */
const SIDE_BY_SIDE = [
  'test/connectors/{csv,files,ndjson,parquet,text}/**/*.test.ts',
  'test/engine/{aggregate,errors,flow,frame,graph,join,lane,operators,partition,plan,process,state,table,time,window}/**/*.test.ts',
  'test/model/**/*.test.ts',
];
/** What takes long and does not depend on Node. */
const ONCE = ['test/bench/**/*.test.ts', 'test/chaos/{thousand-jobs,flat-memory}.test.ts'];

// Threads are started from the build, as users start them; so tests that name the package get the build as well, untransformed.
export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\//, /\/build\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: SIDE_BY_SIDE,
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'one by one',
          include: ['test/**/*.test.ts'],
          exclude: [...SIDE_BY_SIDE, ...ONCE],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: 'once', include: ONCE, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
