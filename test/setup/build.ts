import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const INPUTS = ["src", "package.json", "tsup.config.ts", "tsconfig.json"];
/** Touched after every whole build, so that one cut short is never taken for one. */
const STAMP = join(ROOT, "node_modules/.cache/namestore/built");

/** Vitest's global setup: the tests of the package and of the documentation need dist, as it would be published. */
export function setup(): void {
  const newest = Math.max(...INPUTS.map((path) => modified(join(ROOT, path))));
  if (existsSync(join(ROOT, "dist/index.d.ts")) && existsSync(STAMP) && modified(STAMP) > newest) return;
  execFileSync(process.execPath, ["node_modules/tsup/dist/cli-default.js", "--silent"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, "");
}

/** When a file, or anything in a folder, was last changed; a folder itself changes when a file in it goes. */
function modified(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => modified(join(path, name))));
}
