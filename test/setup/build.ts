import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Builds dist, unless it is newer than what it is built from.
 *
 * @param what - `"package"`: all that is published; `"code"`: without the declarations, which take most of the time.
 */
export function build(what: "package" | "code"): void {
  const newest = Math.max(...INPUTS.map((path) => modified(join(ROOT, path))));
  const enough = what === "package" ? [STAMPS.package] : [STAMPS.package, STAMPS.code];
  const isBuilt = existsSync(join(ROOT, what === "package" ? "dist/index.d.ts" : "dist/index.js"));
  if (isBuilt && enough.some((stamp) => existsSync(stamp) && modified(stamp) > newest)) return;
  const flags = what === "package" ? [] : ["--no-dts"];
  const argv = ["node_modules/tsup/dist/cli-default.js", "--silent", ...flags];
  execFileSync(process.execPath, argv, { cwd: ROOT, stdio: "inherit" });
  mkdirSync(dirname(STAMPS[what]), { recursive: true });
  writeFileSync(STAMPS[what], "");
}

const ROOT = join(import.meta.dirname, "../..");
const INPUTS = ["src", "package.json", "entries.mjs", "tsup.config.ts", "tsconfig.json"];
/** Each is written after a build that succeeded, so that a build that was cut short is not mistaken for one. */
const STAMPS = {
  package: join(ROOT, "node_modules/.cache/namestore/package-built"),
  code: join(ROOT, "node_modules/.cache/namestore/code-built"),
};

/** When a file, or anything in a folder, was last changed. Removing a file changes its folder. */
function modified(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => modified(join(path, name))));
}
