import { afterAll, describe, it } from "vitest";
import { conformance } from "../../src/testing/index.js";
import { AWKWARD_KEY_BYTES, KEY_BYTES, LimitedDriver, LONGEST_TTL, RESOLUTION, VALUE_BYTES } from "./limited-driver.js";

conformance(
  { describe, it, after: afterAll },
  {
    name: "limited",
    open: () => new LimitedDriver(),
    ttlResolution: RESOLUTION,
    cannot: { scan: "it cannot list", clear: "it cannot list", atomicMSet: "it has no such call" },
    limits: { keyBytes: KEY_BYTES, awkwardKeyBytes: AWKWARD_KEY_BYTES, valueBytes: VALUE_BYTES, ttl: LONGEST_TTL },
  },
);
