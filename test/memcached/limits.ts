import type { Subject } from "../../src/testing/index.js";

/** What Memcached cannot do, and its limits, as the conformance suite takes them. */
export const limits = {
  ttlResolution: 1_000,
  cannot: { atomicMSet: "it stores one key at a time" },
  limits: {
    keyBytes: 250,
    awkwardKeyBytes: 186,
    valueBytes: 1_000_000,
    // January 2038.
    ttl: 2 ** 31 * 1_000 - Date.now(),
  },
} as const satisfies Partial<Subject>;
