import { defineConfig } from 'vitest/config';

// Threads are started from the build, as users start them; so tests that name the package get the build as well, untransformed.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\//, /\/build\//] } },
  },
});
