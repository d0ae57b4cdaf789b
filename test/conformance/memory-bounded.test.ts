import { afterAll, describe, it } from "vitest";
import { MemoryDriver } from "../../src/index.js";
import { conformance } from "../../src/testing/index.js";

const open = () => new MemoryDriver({ maxEntries: 1_000_000, maxBytes: 1_000_000_000, sweepInterval: "10ms" });

conformance({ describe, it, after: afterAll }, { name: "memory, bounded and swept", open });
