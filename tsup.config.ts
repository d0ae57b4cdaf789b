import { defineConfig } from "tsup";

// A line an entry: each is a subpath of the package's exports.
export default defineConfig({
  entry: {
    index: "src/index.ts",
    testing: "src/testing/index.ts",
  },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  // One copy of every class among the entries of a format, in CommonJS too.
  splitting: true,
  clean: true,
  // The types of Standard Schema are inlined: users of the package need not install it.
  dts: { resolve: ["@standard-schema/spec"] },
});
