import { defineConfig } from "tsup";

// A line an entry: each is a subpath of the package's exports.
export default defineConfig({
  entry: {
    index: "src/index.ts",
    redis: "src/redis/index.ts",
    memcached: "src/memcached/index.ts",
    testing: "src/testing/index.ts",
  },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  removeNodeProtocol: false,
  // One copy of every class among the entries of a format, in CommonJS too.
  splitting: true,
  // Without it CommonJS is made by a translator that turns `?.`, `??` and class fields into slow calls.
  treeshake: true,
  clean: true,
  // The types of Standard Schema are inlined: users of the package need not install it.
  dts: { resolve: ["@standard-schema/spec"] },
  plugins: [{ name: "class-names", renderChunk: (code) => ({ code: withClassNames(code) }) }],
});

/**
 * The bundler turns a `class Client` that names itself in its body into `var Client = class _Client`, and users
 * would read `_Client` in logs and stack traces. Inside a class its own name means the same without the `_`.
 */
function withClassNames(code: string): string {
  const names = Array.from(code.matchAll(/^var (\w+) = class _\1\b/gm), ([, name = ""]) => name);
  return names.reduce((text, name) => text.replace(new RegExp(`\\b_${name}\\b`, "g"), name), code);
}
