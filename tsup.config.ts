import { defineConfig } from "tsup";
import { entries } from "./entries.mjs";

export default defineConfig({
  entry: Object.fromEntries(entries.map(({ name, source }) => [name, source])),
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  removeNodeProtocol: false,
  // The entries of one format share one copy of every class, in CommonJS too.
  splitting: true,
  // Without it, CommonJS files are translated to an older JavaScript: `?.`, `??` and class fields become slow calls.
  treeshake: true,
  clean: true,
  // The types of Standard Schema are inlined: users need not install them.
  // `asyncDispose` is unknown to TypeScript where neither @types/node nor a newer target is there.
  dts: { resolve: ["@standard-schema/spec"], banner: '/// <reference lib="esnext.disposable" />' },
  plugins: [
    { name: "class-names", renderChunk: (code) => ({ code: withClassNames(code) }) },
    {
      name: "require-in-commonjs",
      renderChunk(code) {
        return this.format === "cjs" ? { code: withRequire(code) } : undefined;
      },
    },
  ],
});

/**
 * Some runtimes of CommonJS, Jest's among them, have `require` but no `import()`. Bundlers accept a `require` of a package
 * that is not installed only directly within `try`.
 */
function withRequire(code: string): string {
  return code.replace(/\bawait import\(("[^"]+"|'[^']+')\)/g, "require($1)");
}

/**
 * The bundler turns a `class Client` that refers to itself into `var Client = class _Client`, and users would read
 * `_Client` in logs and stack traces. Inside the class, the name without the `_` means the same.
 */
function withClassNames(code: string): string {
  const names = Array.from(code.matchAll(/^var (\w+) = class _\1\b/gm), ([, name = ""]) => name);
  return names.reduce((text, name) => text.replace(new RegExp(`\\b_${name}\\b`, "g"), name), code);
}
