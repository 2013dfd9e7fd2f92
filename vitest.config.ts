import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Left to itself vitest keeps a core free, which on two cores takes twice as long.
    maxWorkers: "100%",
    // Real servers, real Git and real registries run inside tests: slow machines must not fail them.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
