import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { type Packed, pack } from "../package/pack.js";
import { build } from "./build.js";
import { needs } from "./needs.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The tarball, installed once for all files of tests. */
    readonly packed: Packed;
  }
}

/** The global setup of the tests of the package: builds, packs and installs it, and returns the teardown. */
export function setup(project: TestProject): () => void {
  needs("redis-server", "redis-cli", "memcached");
  const folders: string[] = [];
  const provide = (): void => {
    build("package");
    const packed = pack();
    folders.push(packed.folder);
    project.provide("packed", packed);
  };
  provide();
  project.onTestsRerun(provide);
  return () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  };
}
