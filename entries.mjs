import { readFileSync } from "node:fs";

/** The package's entries, derived from `exports` in package.json: `./redis` is built from `src/redis/index.ts` into `dist/redis.*`. */
export const entries = subpaths().map((subpath) => {
  const name = subpath.slice("./".length);
  return name === "" ? { name: "index", source: "src/index.ts" } : { name, source: `src/${name}/index.ts` };
});

function subpaths() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  return Object.keys(exports).filter((subpath) => subpath !== "./package.json");
}
