import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./consumer.js";

/** The names of the projects of vitest that contain a file of tests, by file. */
const PROJECTS = projectsByFile();
const TEST_FILES = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .map((path) => `test/${path.split(sep).join("/")}`)
  .filter((path) => /\.(test|spec|test-d)\.\w+$/.test(path));
const UNIT_TESTS = [...PROJECTS].filter(([, names]) => names.includes("unit")).map(([file]) => file);

describe("the projects of vitest", () => {
  it("contain every file of tests exactly once", () => {
    expect(TEST_FILES.length).toBeGreaterThan(50);
    expect(TEST_FILES.filter((file) => PROJECTS.get(file)?.length !== 1)).toEqual([]);
  });

  it("start no process in unit tests, which run on any system", () => {
    expect(UNIT_TESTS.length).toBeGreaterThan(20);
    expect(UNIT_TESTS.filter((file) => importedFrom(file).has("node:child_process"))).toEqual([]);
  });

  it("share no modules with hooks among unit tests, which are not isolated: the hooks would run for the first only", () => {
    const shared = new Set(
      UNIT_TESTS.flatMap((file) => [...importedFrom(file)]).filter((path) => /^test\//.test(path)),
    );
    expect(shared.size).toBeGreaterThan(5);
    const HOOK = /^(before|after)(All|Each)\(/m;
    expect([...shared].filter((path) => HOOK.test(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });
});

function projectsByFile(): ReadonlyMap<string, readonly string[]> {
  const argv = ["node_modules/vitest/vitest.mjs", "list", "--filesOnly", "--json"];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: "utf8" });
  if (!stdout.startsWith("[")) throw new Error(`vitest does not list its files: ${stdout}${stderr}`);
  const listed: { file: string; projectName: string }[] = JSON.parse(stdout);
  const projects = new Map<string, string[]>();
  for (const { file, projectName } of listed) {
    const path = relative(ROOT, file).split(sep).join("/");
    projects.set(path, [...(projects.get(path) ?? []), projectName]);
  }
  return projects;
}

/** What a file of the tests imports, directly or by way of other files of the tests. */
function importedFrom(file: string, found = new Set<string>()): ReadonlySet<string> {
  for (const [, target = ""] of readFileSync(join(ROOT, file), "utf8").matchAll(
    /\bfrom "([^"]+)"|^import "([^"]+)"/gm,
  )) {
    const path = target.startsWith(".") ? join(dirname(file), target).replace(/\.js$/, ".ts") : target;
    if (found.has(path)) continue;
    found.add(path);
    if (path.startsWith("test/")) importedFrom(path, found);
  }
  return found;
}
