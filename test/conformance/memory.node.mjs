import { after, describe, it } from "node:test";
import { MemoryDriver } from "namestore";
import { conformance } from "namestore/testing";

conformance({ describe, it, after }, { name: "memory", open: () => new MemoryDriver() });
