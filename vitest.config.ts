import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real servers, real Git and real registries run inside tests: slow machines must not fail them.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
