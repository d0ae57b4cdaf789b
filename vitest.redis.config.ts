import { defineConfig } from "vitest/config";

// The Redis driver, on real servers: npm run test:redis.
export default defineConfig({
  test: {
    include: ["test/redis/**/*.test.ts", "test/conformance/redis-*.test.ts"],
    globalSetup: ["test/setup/servers.ts"],
    coverage: { provider: "v8", include: ["src/redis/**/*.ts"], reporter: ["text", "html"] },
  },
});
