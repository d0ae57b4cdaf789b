import { afterAll, describe, it } from "vitest";
import { conformance } from "../../src/testing/index.js";
import { LimitedDriver, limits } from "./limited-driver.js";

conformance({ describe, it, after: afterAll }, { name: "limited", open: () => new LimitedDriver(), ...limits });
