import type { TestProject } from "vitest/node";
import { build } from "./build.js";

/** The global setup of tests that run Node programs on the built code. */
export function setup(project: TestProject): void {
  build("code");
  project.onTestsRerun(() => build("code"));
}
