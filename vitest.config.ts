import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The drivers for servers are tested beside these: npm run test:redis, npm run test:memcached.
    exclude: ["test/redis/**", "test/conformance/redis-*", "test/memcached/**", "test/conformance/memcached*"],
    globalSetup: ["test/setup/build.ts"],
    typecheck: {
      enabled: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json",
    },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/redis/**", "src/memcached/**"],
      reporter: ["text-summary", "html"],
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
