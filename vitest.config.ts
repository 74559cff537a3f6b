import { defineConfig } from "vitest/config";

/** Workspace packages resolve to their TypeScript sources, so tests need no build. */
const conditions = ["source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts"],
    setupFiles: ["scripts/property-seed.ts"],
    pool: "forks",
    // Tests of daemons and of redis start processes of their own: two files at a time keep two cores busy.
    maxWorkers: 2,
    // For tests that hang. What is too slow is not found by a clock that a busy machine stretches.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
