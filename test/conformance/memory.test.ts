import { afterAll, describe, it } from "vitest";
import { MemoryDriver } from "../../src/index.js";
import { conformance } from "../../src/testing/index.js";

conformance({ describe, it, after: afterAll }, { name: "memory", open: () => new MemoryDriver() });
