import { defineConfig } from "vitest/config";

// The Memcached driver, on real servers: npm run test:memcached.
export default defineConfig({
  test: {
    include: ["test/memcached/**/*.test.ts", "test/conformance/memcached*.test.ts"],
    globalSetup: ["test/setup/servers.ts"],
    coverage: { provider: "v8", include: ["src/memcached/**/*.ts"], reporter: ["text", "html"] },
  },
});
