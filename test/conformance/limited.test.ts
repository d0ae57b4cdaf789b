import { afterAll, describe, it } from "vitest";
import { conformance } from "../../src/testing/index.js";
import { AWKWARD_KEY_BYTES, KEY_BYTES, LimitedDriver, LONGEST_TTL, RESOLUTION, VALUE_BYTES } from "./limited-driver.js";

conformance(
  { describe, it, after: afterAll },
  {
    name: "limited",
    open: () => new LimitedDriver(),
    ttlResolution: RESOLUTION,
    limits: { keyBytes: KEY_BYTES, awkwardKeyBytes: AWKWARD_KEY_BYTES, valueBytes: VALUE_BYTES, ttl: LONGEST_TTL },
  },
);
