import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { entries } from "./entries.mjs";

/** Tests that measure the heap, in Node processes of their own. */
const HEAP = ["test/**/heap.test.ts"];
/** Tests of the packed tarball and of what users do with it. */
const PACKAGE = ["test/package/**/*.test.ts", "test/conformance/node-test.test.ts"];
/** Drivers whose tests need servers: each has a global setup, `test/setup/<driver>.ts`, and a project of its own. */
const SERVED = entries
  .map(({ name }) => name)
  .filter((name) => existsSync(join(import.meta.dirname, `test/setup/${name}.ts`)));

const testsOf = (driver: string): string[] => [`test/${driver}/**/*.test.ts`, `test/*/${driver}*.test.ts`];

/** Limits are for tests that hang. No test may depend on the speed of the machine. */
const LIMITS = { testTimeout: 30_000, hookTimeout: 60_000 };

const projects: readonly TestProjectInlineConfiguration["test"][] = [
  { name: "heap", include: HEAP, globalSetup: ["test/setup/programs.ts"] },
  { name: "package", include: PACKAGE, globalSetup: ["test/setup/package.ts"] },
  ...SERVED.map((name) => ({
    name,
    include: testsOf(name),
    exclude: [...HEAP, ...PACKAGE],
    globalSetup: ["test/setup/programs.ts", `test/setup/${name}.ts`],
    // With more, cases that list keys wait too long for one another: a server works at one listing at a time.
    maxConcurrency: 8,
  })),
  {
    // Everything else. These tests need no server, no build and no POSIX shell.
    name: "unit",
    include: ["test/**/*.test.ts"],
    exclude: [...HEAP, ...PACKAGE, ...SERVED.flatMap(testsOf)],
    // To load the source again for each of so many small files would take longer than the tests.
    isolate: false,
  },
  {
    name: "types",
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json",
    },
  },
];

/** Starts the projects in the order in which they are listed, so that long files are not the last to start. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = projects.map((project) => project?.name);
    const place = ({ project }: TestSpecification): number => order.indexOf(project.name);
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    projects: projects.map((test) => ({ extends: true, test: { ...LIMITS, ...test } })),
    sequence: { sequencer: LongestFirst },
    // Tests of faults wait more than they work, so one worker more than there are cores shortens the run.
    maxWorkers: availableParallelism() + 1,
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary", "html"] },
  },
});
